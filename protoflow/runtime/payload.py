"""Payloads: checked against their declared types, measured and sealed, once, when they are sent.

A sealed payload is shared by all its receivers and never copied, so nobody may write into it. Mappings become read-only
views, lists become tuples (their spines are new, what they hold is not copied). A numpy array is switched to read-only,
for its sender too: it is the same memory. A torch tensor cannot be made read-only. Its version counter, which every
operation in place raises, is noted instead and compared when the message is delivered and again after its handler:
a write is found there, and said to be whose it was. What escapes that: writes through `tensor.data` or a numpy view of
the tensor, and a sender's writes after the receiver has handled the message.

Sizes are bytes, as a plain binary encoding would have: 8 for a number, 1 for a truth value, text in UTF-8, tensors as
they lie in memory; names of fields are not counted.

Neither numpy nor torch is imported here: who has not imported them cannot have made such a value.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from protoflow.protocol import LOST, MessageType, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protoflow.protocol import PayloadType

NUMBER_BYTES = 8
FLAG_BYTES = 1


class PayloadError(Exception):
    """A value that is not of the type that its message declares."""


class Payload(Mapping[str, Any]):
    """The fields of one message, sealed. `size` is in bytes."""

    __slots__ = ("_values", "_versions", "form", "size")

    def __init__(self, form: PayloadForm, values: dict[str, Any], size: int, versions: list[tuple[Any, int]]) -> None:
        self.form = form
        self.size = size
        self._values = values
        self._versions = versions

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            has = ", ".join(f"`{each}`" for each in self._values) or "none"
            raise KeyError(f"`{self.form.message}` has no field `{name}`; it has {has}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Payload({self._values!r})"

    @property
    def intact(self) -> bool:
        """No tensor in it has been written into since it was sealed."""
        for tensor, version in self._versions:  # noqa: SIM110  asked three times a message, and a generator takes longer
            if tensor._version != version:
                return False
        return True


class PayloadForm:
    """What one message type carries: the checks of all its fields, put together once."""

    __slots__ = ("_defaults", "_fields", "_names", "empty", "message")

    def __init__(self, message: MessageType) -> None:
        self.message = str(message.name)
        kinds = {str(name): kind for name, kind in message.payload.items()}
        self._fields = tuple((name, _sealer(kind)) for name, kind in kinds.items())
        self._names = kinds.keys()
        self._defaults = {name: None for name, kind in kinds.items() if kind.optional}
        self.empty = Payload(self, dict(self._defaults), 0, [])

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(name for name in self._names if name not in self._defaults)

    def seal(self, values: object) -> Payload:
        """`values` checked, measured and made immutable. Optional fields left out are None.

        Raises PayloadError where they are not what the message declares.
        """
        if type(values) is not dict:
            if type(values) is Payload and values.form is self:
                return values
            if not isinstance(values, Mapping):
                raise PayloadError(f"the payload of `{self.message}` must be a mapping, not {_kind(values)}")
            values = dict(values)
        if values.keys() != self._names:
            values = self._complete(values)
        tally = _Tally()
        sealed = {}
        for name, seal in self._fields:
            try:
                sealed[name] = seal(values[name], tally)
            except _MismatchError as mismatch:
                raise PayloadError(f"`{mismatch.path(name)}` of `{self.message}` {mismatch.text}") from None
            except RecursionError:
                raise PayloadError(f"`{name}` of `{self.message}` is nested too deep, or contains itself") from None
        return Payload(self, sealed, tally.size, tally.versions)

    def _complete(self, values: dict[Any, Any]) -> dict[Any, Any]:
        for name in values:
            if name not in self._names:
                raise PayloadError(f"`{self.message}` has no field `{name}`{self._instead(name)}")
        values = self._defaults | values
        for name in self._names:
            if name not in values:
                raise PayloadError(f"`{self.message}` needs the field `{name}`")
        return values

    def _instead(self, name: object) -> str:
        """The field that was most likely meant, or those that there are."""
        from protoflow.language.suggest import nearest, quoted

        near = nearest(str(name), self._names)
        return f"; it has {quoted([near] if near else self._names) or 'none'}"


class _Tally:
    """What sealing one payload adds up: its size, and the tensors to watch."""

    __slots__ = ("size", "versions")

    def __init__(self) -> None:
        self.size = 0
        self.versions: list[tuple[Any, int]] = []


class _MismatchError(Exception):
    """A value of the wrong type, and where in its field it is."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__()
        self.text = f"must be {expected}, not {_kind(value)}"
        self.parts: list[str] = []

    def path(self, name: str) -> str:
        return name + "".join(reversed(self.parts))


_Seal = Any  # Callable[[object, _Tally], object]; the alias keeps the tables below readable


def _seal_int(value: Any, tally: _Tally) -> object:
    tally.size += NUMBER_BYTES
    if type(value) is int:
        return value
    if _numpy_scalar(value, "integer"):
        return int(value)
    raise _MismatchError("an int", value)


def _seal_float(value: Any, tally: _Tally) -> object:
    tally.size += NUMBER_BYTES
    if type(value) is float:
        return value
    if type(value) is int or _numpy_scalar(value, "floating") or _numpy_scalar(value, "integer"):
        return float(value)
    raise _MismatchError("a float", value)


def _seal_bool(value: Any, tally: _Tally) -> object:
    tally.size += FLAG_BYTES
    if type(value) is bool:
        return value
    if _numpy_scalar(value, "bool"):
        return bool(value)
    raise _MismatchError("a bool", value)


def _seal_str(value: Any, tally: _Tally) -> object:
    if not isinstance(value, str):
        raise _MismatchError("a str", value)
    tally.size += len(value.encode(errors="surrogatepass"))
    return value


def _seal_bytes(value: Any, tally: _Tally) -> object:
    if not isinstance(value, bytes):
        raise _MismatchError("bytes", value)
    tally.size += len(value)
    return value


def _seal_tensor(value: Any, tally: _Tally) -> object:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if not value.is_inference():  # those have no version counter, and torch itself refuses most writes into them
            tally.versions.append((value, value._version))
    elif numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.hasobject:
            raise _MismatchError("a tensor of numbers", value)
        value.setflags(write=False)
    elif not (hasattr(value, "shape") and hasattr(value, "dtype") and hasattr(value, "nbytes")):
        raise _MismatchError("a tensor", value)
    tally.size += int(value.nbytes)
    return value


def _seal_tensors(value: Any, tally: _Tally) -> object:
    return _seal_mapping(_seal_tensor, "a mapping of names to tensors", value, tally)


def _seal_any(value: Any, tally: _Tally) -> object:
    """Any of the other kinds, nested as deep as you like: data, so that it can go over a network."""
    if value is None:
        return None
    for kind, seal in _ANY:
        if isinstance(value, kind):
            return seal(value, tally)
    if isinstance(value, Mapping):
        return _seal_mapping(_seal_any, "a mapping with string keys", value, tally)
    if isinstance(value, list | tuple):
        return _seal_list(_seal_any, value, tally)
    for name, seal in (("bool", _seal_bool), ("integer", _seal_int), ("floating", _seal_float)):
        if _numpy_scalar(value, name):
            return seal(value, tally)
    try:
        return _seal_tensor(value, tally)
    except _MismatchError:
        raise _MismatchError("data (numbers, text, bytes, tensors, lists and mappings of these)", value) from None


def _seal_list(item: _Seal, value: Any, tally: _Tally) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise _MismatchError("a list", value)
    sealed = []
    for place, each in enumerate(value):
        try:
            sealed.append(item(each, tally))
        except _MismatchError as mismatch:
            mismatch.parts.append(f"[{place}]")
            raise
    return tuple(sealed)


def _seal_mapping(item: _Seal, expected: str, value: Any, tally: _Tally) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _MismatchError(expected, value)
    sealed = {}
    for name, each in value.items():
        if not isinstance(name, str):
            raise _MismatchError(expected, value)
        try:
            sealed[name] = item(each, tally)
        except _MismatchError as mismatch:
            mismatch.parts.append(f"[{name!r}]")
            raise
    return MappingProxyType(sealed)


_SIMPLE: Mapping[str, Callable[[Any, _Tally], object]] = {
    "int": _seal_int,
    "float": _seal_float,
    "bool": _seal_bool,
    "str": _seal_str,
    "bytes": _seal_bytes,
    "tensor": _seal_tensor,
    "tensors": _seal_tensors,
    "any": _seal_any,
}
_ANY = ((bool, _seal_bool), (int, _seal_int), (float, _seal_float), (str, _seal_str), (bytes, _seal_bytes))


def _sealer(kind: PayloadType) -> Callable[[Any, _Tally], object]:
    if kind.item is None:
        seal = _SIMPLE[kind.kind]
    else:
        item = _sealer(kind.item)
        if kind.kind == "list":

            def seal(value: Any, tally: _Tally) -> object:
                return _seal_list(item, value, tally)
        else:

            def seal(value: Any, tally: _Tally) -> object:
                return _seal_mapping(item, "a mapping with string keys", value, tally)

    if not kind.optional:
        return seal
    return lambda value, tally: None if value is None else seal(value, tally)


def _numpy_scalar(value: object, kind: str) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, getattr(numpy, "bool_" if kind == "bool" else kind))


def _kind(value: object) -> str:
    if value is None:
        return "None"
    cls = type(value)
    name = cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    return f"a value of type {name}"


NOTHING = PayloadForm(MessageType(Name(LOST), (), ())).empty
"""What `lost` carries."""
