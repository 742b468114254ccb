"""Messages that name a remedy: what raises each, and the same with the remedy applied."""

from remedies import commands, parts, spaces
from remedies.tries import Refused as Refused, Try as Try

HERE = [*commands.REMEDIES, *spaces.REMEDIES, *parts.REMEDIES]
