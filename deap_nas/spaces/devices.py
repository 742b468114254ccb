"""Boards by name: the RAM and flash that they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deap_nas.spaces.rules import SpaceError

KB = 1024


@dataclass(frozen=True)
class Device:
    """A board: all its RAM and flash, in bytes, of which the program itself takes a part."""

    ram: int
    flash: int
    source: str


DEVICES = {
    "arduino_uno": Device(2 * KB, 32 * KB, "ATmega328P; docs.arduino.cc/hardware/uno-rev3"),
    "microbit_v1": Device(16 * KB, 256 * KB, "nRF51822; tech.microbit.org/hardware/1-5-revision"),
    "microbit_v2": Device(128 * KB, 512 * KB, "nRF52833; tech.microbit.org/hardware"),
    "nano_33_ble": Device(256 * KB, 1024 * KB, "nRF52840; docs.arduino.cc/hardware/nano-33-ble"),
    "pico": Device(264 * KB, 2048 * KB, "RP2040; datasheets.raspberrypi.com/pico"),
}


def budgets_of(device: str, given: Mapping[str, int | None]) -> dict[str, int]:
    """The budgets of a space, by the settings that name them.

    Args:
        device: a name of ``DEVICES``, or "" for none.
        given: budgets by hand, which win; None for one that is not given.

    Raises:
        SpaceError: for a device that is unknown.
    """
    found = {name: most for name, most in given.items() if most is not None}
    if not device:
        return found
    if device not in DEVICES:
        raise SpaceError(f"device {device!r}, allowed {', '.join(DEVICES)}")
    board = DEVICES[device]
    return {"max_ram": board.ram, "max_flash": board.flash, **found}
