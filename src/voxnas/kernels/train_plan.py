"""Schedule of a program, a list of steps, for its training: operations, and the places of their gradients.

- An activation joins the convolution whose result nothing else reads; a sum joins the convolution that is
  made last of what goes into it. So the steps of a layer are few operations.
- What convolutions with a past, activations, recurrences and selections make, and what attentions and
  selections read, is kept for the backward pass; the rest is made again.
- Gradients lie in as few buffers as their lives allow. One that goes on as it is stays where it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from voxnas.kernels.activations import TRAINED, Spec, as_integers, name_of, parameters_of
from voxnas.kernels.build import Unavailable
from voxnas.kernels.graph import Step
from voxnas.kernels.graph_plan import uses_of

# in the order of the enum OpKind in train_program.h
KINDS = ("conv", "activation", "add", "multiply", "film", "norm", "attention", "diagonal", "select")
LOOK_BACK = ("attention", "select")  # in the backward pass too, on their first input
KEPT = ("diagonal", "select")  # what they make
KEEP_INPUT = ("SiLU", "PReLU")  # their slope is had from what goes in; see activations.h


@dataclass(eq=False)
class TrainOp:
    """Operation of one or more steps.

    Attributes:
        kind: of KINDS.
        inputs: signals; a convolution's second is what it adds to.
        out: the signal that it makes.
        step: the convolution's, or what it is.
        activation: what follows a convolution, or what it is, or what a selection has between its layers.
        kept: whether the backward pass finds what it made, or what its activation keeps.
        wanted: whether the backward pass reads what it made.
        gradients: buffers of its inputs' gradients; -1 for the network's input.
        firsts: whether it is the first to say anything of them.
        gradient: buffer of its result's.
    """

    kind: str
    inputs: list[int]
    out: int
    step: Step
    activation: Step | None = None
    kept: bool = False
    wanted: bool = False
    gradients: list[int] = field(default_factory=list)
    firsts: list[bool] = field(default_factory=list)
    gradient: int = -1

    @property
    def has_past(self) -> bool:
        return self.kind == "conv" and self.step.kernel_size > 1

    @property
    def keeps_input(self) -> bool:
        return self.activation is not None and name_of(activation_of(self.activation)) in KEEP_INPUT


def activation_of(step: Step) -> Spec:
    """The activation of a step that is one, or of a convolution with a ReLU."""
    return "ReLU" if step.activation is None else step.activation


def operations(steps: Sequence[Step]) -> list[TrainOp]:
    """Operations of a program that is checked; Unavailable for steps that train on PyTorch only."""
    uses = uses_of(steps)
    attended = {step.inputs[0] for step in steps if step.kind in LOOK_BACK}
    ops: list[TrainOp] = []
    made_by: dict[int, TrainOp] = {}
    signals = len(steps)  # the last that there is
    for out, step in enumerate(steps, 1):
        if not uses[out]:
            continue
        check_trainable(step)
        inputs = list(step.inputs)
        while step.kind == "add" and len(inputs) > 2:
            signals += 1
            ops.append(TrainOp("add", inputs[:2], signals, replace(step, inputs=tuple(inputs[:2]))))
            inputs = [signals, *inputs[2:]]
        made_by[out] = _joined(step, inputs, out, uses, made_by, ops, out in attended)
    _choose_kept(ops, attended)
    return ops


def check_trainable(step: Step) -> None:
    """Unavailable for a step that trains on PyTorch only."""
    if step.kind not in KINDS:
        raise Unavailable(f"steps of the kind {step.kind} train on PyTorch only")
    if step.stride > 1 or step.rate > 1:
        raise Unavailable("steps at a lower rate train on PyTorch only")
    if step.activation is not None:
        as_integers(step.activation, TRAINED)
        if name_of(step.activation) == "LeakyReLU" and parameters_of(step.activation)["negative_slope"] <= 0:
            raise Unavailable("LeakyReLU without a slope above zero trains on PyTorch only")


def _joined(
    step: Step,
    inputs: list[int],
    out: int,
    uses: dict[int, int],
    made_by: dict[int, TrainOp],
    ops: list[TrainOp],
    attended: bool,
) -> TrainOp:
    """The operation that makes `out`: one that there is and takes the step in, or a new one.

    What is looked back on is kept as it is, and so is no activation of which the input is kept.
    """
    makers = [made_by.get(number) for number in inputs]
    if step.kind == "activation":
        (before,) = makers
        if (
            before is not None
            and before.kind == "conv"
            and before.activation is None
            and uses[inputs[0]] == 1
            and not (attended and name_of(activation_of(step)) in KEEP_INPUT)
        ):
            before.activation, before.out = step, out
            return before
    if step.kind == "add" and len(inputs) == 2:
        places = [-1 if maker is None else ops.index(maker) for maker in makers]
        last = max(range(2), key=lambda index: places[index])
        maker = makers[last]
        bare = (
            maker is not None and maker.kind == "conv" and maker.activation is None and len(maker.inputs) == 1
        )
        if maker is not None and bare and uses[inputs[last]] == 1 and inputs[0] != inputs[1]:
            maker.inputs, maker.out = [maker.inputs[0], inputs[1 - last]], out
            return maker
    follows = step if step.activation is not None or step.relu else None
    op = TrainOp(step.kind, inputs, out, step, follows)
    ops.append(op)
    return op


def _choose_kept(ops: Sequence[TrainOp], attended: Collection[int]) -> None:
    wanted: set[int] = set()
    for op in reversed(ops):
        op.wanted = op.out in wanted or op.kind == "diagonal"
        op.wanted = op.wanted or (op.kind == "activation" and not op.keeps_input)
        op.kept = op.kind == "conv" and (op.activation is not None or (op.has_past and op.wanted))
        op.kept = op.kept or op.kind in KEPT or op.out in attended  # one looks back on more than a tile
        if op.kind not in ("add", "diagonal"):  # whose gradients ask for nothing more
            wanted.update(op.inputs if op.kind in ("multiply", "select") else op.inputs[:1])
        if op.wanted and not op.kept:
            wanted.update(op.inputs)


def place_gradients(ops: Sequence[TrainOp], channels: Sequence[int]) -> list[int]:
    """Sets the operations' places of gradients, and says how many rows each buffer has."""
    rows: list[int] = []
    free: list[int] = []
    place: dict[int, int] = {0: -1}
    for op in ops:
        if op.kind in LOOK_BACK and op.inputs[0] not in place:  # it adds to what came before
            rows.append(channels[op.inputs[0]])
            place[op.inputs[0]] = len(rows) - 1
    lasting = len(rows)

    def take(count: int) -> int:
        fitting = [buffer for buffer in free if rows[buffer] == count]
        if not fitting:
            rows.append(count)
            return len(rows) - 1
        free.remove(fitting[-1])
        return fitting[-1]

    place[ops[-1].out] = take(channels[ops[-1].out])
    for op in reversed(ops):
        op.gradient = place.pop(op.out)
        stays = op.gradient >= lasting
        for index, signal in enumerate(op.inputs):
            op.firsts.append(signal not in place)
            if signal not in place:
                passes = index == 1 if op.kind == "conv" else op.kind not in ("multiply", "select")
                if passes and stays and not op.has_past:
                    place[signal], stays = op.gradient, False
                else:
                    place[signal] = take(channels[signal])
            op.gradients.append(place[signal])
        if stays:
            free.append(op.gradient)
    return rows
