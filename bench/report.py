"""What a run has measured: every figure beside its goal, printed as it comes and once more as a table in the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured value and the bound it is held against. `goal` names the goal, such as 2 or 8."""

    goal: str
    name: str
    value: float
    bound: float
    least: bool = False

    @property
    def reached(self) -> bool:
        """True on the right side of the bound."""
        return self.value >= self.bound if self.least else self.value <= self.bound

    @property
    def verdict(self) -> str:
        """reached or MISSED."""
        return "reached" if self.reached else "MISSED"

    @property
    def limit(self) -> str:
        """The bound in words."""
        return f"{'at least' if self.least else 'at most'} {self.bound:g}"

    @property
    def measured(self) -> str:
        """The value; one that misses its bound by a hair is not rounded onto it."""
        short = f"{self.value:.3g}"
        return short if self.reached or float(short) != self.bound else f"{self.value:.6g}"


@dataclass
class Report:
    """Collects and prints."""

    figures: list[Figure] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def part(self, title: str) -> None:
        """Begin a part."""
        print(f"\n{title}")

    def line(self, text: str) -> None:
        """What was measured on the way; for orientation."""
        print(f"  {text}")

    def note(self, text: str) -> None:
        """A line that belongs to the table: what a figure does not say by itself."""
        self.notes.append(text)
        print(f"  {text}")

    def figure(self, goal: str, name: str, value: float, bound: float, *, least: bool = False) -> None:
        """One figure beside its goal: at most `bound`, or at least."""
        found = Figure(goal, name, value, bound, least)
        self.figures.append(found)
        print(f"  {name}: {found.measured} (goal {found.limit}): {found.verdict}")

    def wrong(self, fault: str) -> None:
        """A wrong answer: however fast it came, the run has failed."""
        self.faults.append(fault)
        print(f"  WRONG: {fault}")

    def table(self, heading: Iterable[str]) -> str:
        """Everything in one block of Markdown."""
        missed = sum(not figure.reached for figure in self.figures)
        numbered = sorted(self.figures, key=lambda f: int(f.goal) if f.goal.isdigit() else 99)
        rows = [f"| {f.goal} | {f.name} | {f.measured} | {f.limit} | {f.verdict} |" for f in numbered]
        wrong = [f"WRONG: {fault}" for fault in self.faults] or ["No answer was wrong."]
        return "\n".join((
            *heading, "",
            "| goal | figure | measured | bound | |", "| --- | --- | ---: | --- | --- |", *rows, "",
            f"{len(self.figures) - missed} figures reached, {missed} missed.", *wrong, *self.notes,
        ))  # fmt: skip
