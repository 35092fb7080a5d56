"""Is the log whole?

Its numbers, its chain of digests and its epochs, over the bytes that are stored.
"""

import hashlib
from dataclasses import dataclass, field

from exchange.checks.findings import Findings
from exchange.persistence.queries.audit import LoggedCommand, LoggedStep

GENESIS = bytes(32)


@dataclass(slots=True)
class Chain:
    """Follows the log command by command."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "log", "no gap, digests chained from the beginning, epochs never fall"
        )
    )
    seq: int = 0
    digest: bytes = GENESIS
    epoch: int = 0

    def see(self, step: LoggedStep) -> None:
        """The next command with its events and entries."""
        self.findings.examined += 1
        self.findings.compare(f"the command after {self.seq}", self.seq + 1, step.seq)
        self.seq = step.seq
        numbers = [event.n for event in step.events]
        self.findings.compare(f"numbers of the events of {step.seq}", list(range(len(numbers))), numbers)
        if step.command is None:
            self.findings.tell(f"{step.seq}: it has events or entries, but there is no such command")
            return
        self._see_command(step, step.command)

    def end(self, writer_epoch: int) -> None:
        """The log ends here; `writer_epoch` is that of the last writer."""
        if self.epoch > writer_epoch:
            self.findings.tell(f"{self.seq}: epoch {self.epoch}, but the last writer's is {writer_epoch}")

    def _see_command(self, step: LoggedStep, command: LoggedCommand) -> None:
        if command.epoch < self.epoch:
            self.findings.tell(f"{step.seq}: epoch {command.epoch} after {self.epoch}")
        digest = _digest_after(self.digest, step, command)
        self.findings.compare(f"digest of {step.seq}", digest.hex(), command.digest.hex())
        # What follows is chained to what is stored, so that one broken row is told once.
        self.epoch, self.digest = max(self.epoch, command.epoch), command.digest


def _digest_after(digest: bytes, step: LoggedStep, command: LoggedCommand) -> bytes:
    """SHA-256 of the digest before and of everything that the command says and made happen, line by line."""
    lines = [str(step.seq), command.party, command.id, command.kind, command.body]
    for event in step.events:
        lines += [event.kind, event.body]
    return hashlib.sha256(digest + "\n".join(lines).encode()).digest()
