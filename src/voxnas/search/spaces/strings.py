"""Space of strings in feedback: what does not concern a candidate is not chosen, so that none comes twice."""

from collections.abc import Sequence

from voxnas.search.spaces.base import Chooser


class StringSpace:
    """Strings of both forms, see `voxnas.models.strings.net.StringNet`.

    Args:
        forms, polarisations, hidden, activations, energy: to choose from.
        states, around, quarter: the least and the most.
    """

    def __init__(
        self,
        forms: Sequence[str] = ("passive", "free"),
        polarisations: Sequence[int] = (1, 2),
        states: Sequence[int] = (1, 6),
        around: Sequence[int] = (1, 4),
        quarter: Sequence[int] = (0, 2),
        hidden: Sequence[str] = ("none", "8", "16-16"),
        activations: Sequence[str] = ("Tanh",),
        energy: Sequence[str] = ("none",),
    ) -> None:
        self.forms, self.polarisations, self.hidden = list(forms), list(polarisations), list(hidden)
        self.ranges = {"states": tuple(states), "around": tuple(around), "quarter": tuple(quarter)}
        self.activations, self.energy = list(activations), list(energy)

    def propose(self, choose: Chooser) -> list[str]:
        form = choose.choice("form", self.forms)
        chosen = ["model=string", f"model.form={form}"]
        if form == "passive":
            chosen.append(f"model.polarisations={choose.choice('polarisations', self.polarisations)}")
            chosen.append(self._number("states", choose))
        else:
            chosen.append(self._number("around", choose))
            chosen.append(self._number("quarter", choose))
        hidden = choose.choice("hidden", self.hidden)
        chosen.append(f"model.hidden={hidden}")
        if hidden != "none":
            chosen.append(f"model.activation={choose.choice('activation', self.activations)}")
            chosen.append(f"model.energy={choose.choice('energy', self.energy)}")
            chosen.append(f"model.scaled={choose.choice('scaled', ['true', 'false'])}")
        return chosen

    def _number(self, name: str, choose: Chooser) -> str:
        low, high = self.ranges[name]
        return f"model.{name}={choose.integer(name, low, high)}"
