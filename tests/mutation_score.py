"""Count the mutants that the tests catch, by module; fail if they are too few.

mutmut results --all true | python tests/mutation_score.py
"""

import sys
from collections import Counter

LOWEST = 0.85
CAUGHT = ("killed", "timeout")


def count_mutants(lines):
    """Count all mutants and the caught ones, by module.

    Args:
        lines: One for each mutant, as `package.module.function__mutmut_1: killed`.

    Returns:
        `total, caught`, two Counters.
    """
    total, caught = Counter(), Counter()
    for line in lines:
        name, status = line.strip().split(": ")
        module = name.rpartition(".")[0]
        total[module] += 1
        caught[module] += status in CAUGHT
    return total, caught


def main():
    """Print the counts and the score. Exits with 1 below `LOWEST`, or without any."""
    total, caught = count_mutants(sys.stdin)
    for module, n in sorted(total.items()):
        print(f"{caught[module]:5} of {n:4} caught in {module}")
    if not total:
        sys.exit("there is no mutant; see what mutmut run says")
    score = caught.total() / total.total()
    print(f"{caught.total():5} of {total.total():4} caught: mutation score {score:.1%}")
    if score < LOWEST:
        sys.exit(f"the score is below {LOWEST:.0%}; mutmut results lists the survivors")


if __name__ == "__main__":
    main()
