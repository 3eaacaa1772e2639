"""Any photo comes out as the data set has its images, or is refused in one line."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw
from test_mutated_files import list_mutations

from fashionnet.data import load_test_set, load_training_set
from fashionnet.pictures import (
    FORMATS,
    MAX_MEGAPIXELS,
    PictureError,
    center_box,
    load_picture,
)

BLUE, WHITE, BLACK, ORANGE = (40, 60, 160), (250,) * 3, (12,) * 3, (240, 150, 60)


def draw(ink=BLUE, ground=WHITE, size=(400, 300), place=(150, 60)):
    """Draw a shirt of 120 × 140: a body with two sleeves and a darker stripe."""
    picture = Image.new("RGB", size, ground)
    pen, (x, y) = ImageDraw.Draw(picture), place
    pen.rectangle((x + 30, y, x + 90, y + 140), fill=ink)
    pen.rectangle((x, y, x + 120, y + 50), fill=ink)
    middle = tuple((i + g) // 2 for i, g in zip(ink, ground, strict=True))
    pen.rectangle((x + 30, y + 80, x + 90, y + 100), fill=middle)
    return picture


def save(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, format=form, **options)
    file.seek(0)
    return file


def apart(one, other):
    """Mean difference of two images, in gray levels."""
    return np.abs(one.astype(int) - other.astype(int)).mean()


def look(picture):
    return load_picture(picture).image


SHIRT = look(draw())


def test_shirt_looks_as_in_the_data_set():
    assert SHIRT.dtype == np.uint8
    assert SHIRT.shape == (28, 28)
    rows, columns = SHIRT.any(axis=1), SHIRT.any(axis=0)
    assert rows.all()  # the longer side is 28
    assert columns.nonzero()[0].tolist() == list(range(2, 26))  # 28 × 120 / 140
    assert SHIRT.max() == 255
    assert np.median(SHIRT[5, 4:24]) > 1.5 * np.median(SHIRT[18, 10:18]) > 0
    assert not SHIRT[15:, :6].any()


MODES = {
    "PNG": ("RGB", "RGBA", "P"),
    "JPEG": ("RGB", "CMYK", "L"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("RGB", "P"),
}


@pytest.mark.parametrize(
    ("form", "mode"), [(form, mode) for form, modes in MODES.items() for mode in modes]
)
def test_every_format_and_kind_of_pixel_gives_the_same_image(form, mode):
    limit = 15 if mode == "P" else 8  # a palette has dots of other colors
    assert apart(look(save(draw().convert(mode), form)), SHIRT) < limit


def test_gray_of_any_depth_gives_the_same_image():
    gray = draw().convert("L")
    levels = np.asarray(gray)
    deep = Image.fromarray(levels.astype(np.uint16) * 257)
    for picture in (gray, gray.convert("LA"), deep):
        assert apart(look(save(picture, "PNG")), SHIRT) < 8
    assert look(save(gray.point(lambda x: 255 * (x > 200)).convert("1"), "PNG")).any()


def test_first_picture_of_an_animation_is_taken():
    other = draw(place=(10, 10), ink=ORANGE)
    file = save(draw(), "GIF", save_all=True, append_images=[other, other])
    assert apart(look(file), SHIRT) < 15


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_turned_upright_as_its_exif_data_say(orientation):
    way = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    lying = draw().transpose(way[orientation]) if orientation > 1 else draw()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = load_picture(save(lying, "JPEG", quality=95, exif=exif))
    assert apart(picture.image, SHIRT) < 4
    assert any("EXIF" in step for step in picture.steps) == (orientation > 1)


def test_transparent_picture_is_laid_on_white():
    layers = draw(ground=BLACK).convert("RGBA")
    inside = Image.fromarray(np.asarray(draw().convert("L")) < 200)
    layers.putalpha(inside.convert("L"))
    for picture in (save(layers, "PNG"), save(layers, "WEBP", lossless=True), layers):
        found = load_picture(picture)
        assert not found.image[15:, :6].any()
        assert found.image.max() == 255
        assert any("transparent" in step for step in found.steps)
    assert not any("transparent" in step for step in load_picture(draw()).steps)


@pytest.mark.parametrize(
    ("ink", "ground", "is_swapped"),
    [(BLUE, WHITE, True), (ORANGE, BLACK, False), (BLACK, (110, 120, 100), True),
     (WHITE, (150, 120, 90), False)],
)  # fmt: skip
def test_ground_becomes_dark_and_a_light_one_is_swapped(ink, ground, is_swapped):
    picture = load_picture(draw(ink, ground))
    assert apart(picture.image > 0, SHIRT > 0) < 0.02
    assert any("swapped" in step for step in picture.steps) == is_swapped
    assert any("ground" in step for step in picture.steps)


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (1600, 1000), (180, 190)])
@pytest.mark.parametrize("place", [(0, 0), (40, 20)])
def test_neither_size_nor_place_of_the_article_changes_it(size, place):
    assert apart(look(draw(size=size, place=place)), SHIRT) < 20


def test_picture_of_any_size_is_scaled():
    tiny = draw().crop((140, 50, 280, 210)).resize((14, 16))
    assert apart(look(tiny) > 0, SHIRT > 0) < 0.15
    assert apart(look(draw().resize((4000, 3000))), SHIRT) < 6


def test_uneven_light_noise_and_dust_belong_to_the_ground():
    rng = np.random.default_rng(0)
    levels = np.asarray(draw(ground=(200, 190, 180)), float)
    light = np.linspace(0.85, 1.15, levels.shape[1])[:, np.newaxis]
    levels = levels * light + rng.normal(0, 4, levels.shape)
    levels[5:9, 5:9] = 0  # dust
    picture = Image.fromarray(levels.clip(0, 255).astype(np.uint8))
    assert apart(look(picture) > 0, SHIRT > 0) < 0.06


def test_images_of_the_data_set_come_back():
    images, _ = load_test_set()
    found = []
    for image in images[:40]:
        photo = Image.new("L", (500, 400), 255)
        large = Image.fromarray(255 - image).resize((252, 252), Image.Resampling.BOX)
        photo.paste(large, (200, 90))
        found.append(apart(look(photo), image))
        assert load_picture(Image.fromarray(image)).image.shape == (28, 28)
    # Sharpened twice now, and what is fainter than 5% at the edge is trimmed.
    assert np.median(found) < 12
    assert np.mean(found) < 20


def test_data_set_is_what_the_preparation_aims_at():
    images = np.concatenate([load_training_set()[0], load_test_set()[0]])
    assert images.max(axis=(1, 2)).min() >= 254
    rows, columns = images.any(axis=2), images.any(axis=1)
    sides = [28 - x.argmax(axis=1) - x[:, ::-1].argmax(axis=1) for x in (rows, columns)]
    assert np.mean(np.max(sides, axis=0) == 28) > 0.98


def test_image_of_28_pixels_is_not_sharpened_again():
    images, _ = load_test_set()
    differences = [apart(look(Image.fromarray(image)), image) for image in images[:100]]
    assert np.mean(np.array(differences) < 2) > 0.8


@pytest.mark.parametrize(
    ("shape", "top", "left"), [((28, 20), 0, 4), ((21, 28), 4, 0), ((28, 17), 0, 6)]
)
def test_article_is_centered_by_its_box(shape, top, left):
    image = np.full(shape, 9, np.uint8)
    rows, columns = center_box(image).nonzero()
    assert (rows.min(), columns.min()) == (top, left)
    assert center_box(image).sum() == image.sum()


def test_row_that_is_left_over_goes_above_as_in_the_data_set():
    images, _ = load_test_set()
    n_above = n_odd = 0
    for image in images[:2000]:
        rows = image.any(axis=1).nonzero()[0]
        above, below = rows[0], 27 - rows[-1]
        n_odd += (above + below) % 2
        n_above += above == below + 1
    assert n_above > 0.9 * n_odd > 100


def broken(raw):
    return io.BytesIO(raw)


REFUSED = {
    "a text": (lambda: broken(b"no picture"), "not a picture"),
    "nothing": (lambda: broken(b""), "not a picture"),
    "a PostScript program": (lambda: broken(b"%!PS-Adobe-3.0 EPSF-3.0\n"), "PNG"),
    "a half": (lambda: broken(save(draw(), "JPEG").read()[:2000]), "damaged"),
    "one color": (lambda: save(Image.new("RGB", (90, 90), BLUE), "PNG"), "one color"),
    "nearly one": (lambda: save(draw((245,) * 3, WHITE), "PNG"), "one color"),
    "all transparent": (lambda: Image.new("RGBA", (90, 90)), "one color"),
    "one pixel": (lambda: Image.new("RGB", (1, 1)), "one color"),
    "the same gray": (lambda: draw((255, 0, 0), (76, 76, 76)), "in gray"),
    "60 megapixels": (lambda: save(Image.new("1", (10000, 6000)), "PNG"), "60"),
    "100 megapixels": (lambda: save(Image.new("1", (10000, 10000)), "PNG"), "100"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_usable_picture_is_refused_in_one_line(what):
    make, named = REFUSED[what]
    with pytest.raises(PictureError) as refused:
        load_picture(make())
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_decompression_bomb_is_refused_before_it_is_decoded():
    raw = save(Image.new("1", (8, 8)), "PNG").read()
    huge = raw[:16] + (60_000).to_bytes(4, "big") * 2 + raw[24:]
    with pytest.raises(PictureError) as refused:
        load_picture(broken(huge))
    assert str(MAX_MEGAPIXELS) in str(refused.value) or "not a picture" in str(
        refused.value
    )


def test_refusal_names_the_file_and_what_can_be_read(tmp_path):
    text = tmp_path / "shirt.png"
    text.write_text("a shirt")
    heic = tmp_path / "shirt.heic"
    heic.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    for path in (text, heic):
        with pytest.raises(PictureError) as refused:
            load_picture(path)
        assert str(refused.value).startswith(f"{path}: ")
        assert "PNG" in str(refused.value)
        assert "pillow-heif" in str(refused.value)
    for path in (tmp_path, tmp_path / "missing.png"):
        with pytest.raises(PictureError) as refused:
            load_picture(str(path))
        assert str(refused.value).startswith(f"{path}: ")


def test_picture_that_is_handed_over_stays_as_it_is():
    picture = draw().convert("RGBA")
    before = picture.copy()
    load_picture(picture)
    assert picture == before


def test_mutated_pictures_are_read_or_refused():
    n_refused = 0
    for seed, form in enumerate(FORMATS):
        for changed in list_mutations(save(draw(), form).read(), 40, seed=seed):
            try:
                image = look(broken(changed))
            except PictureError:
                n_refused += 1
            else:
                assert image.shape == (28, 28)
                assert image.max() == 255
    assert 10 < n_refused < 160
