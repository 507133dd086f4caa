"""What goes wrong in a schedule, and how often."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances, each at every opportunity there is for it.

    Attributes:
        kill: A process dies before a step.
        sleep: A process sleeps before a step, for 5 to 400 s.
        nap: It sleeps before a step, for less than 15 s.
        lost: Storage acts, and its answer is lost.
        away: Storage does not act, and does not answer.
        late: Storage acts when its caller has given up.
        cut_off: A process can't reach the table for a minute or two.
        slow: The gateway takes 5 to 90 s to answer.
        leisurely: It takes 4 to 9 s, which is not a fault.
        busy: The gateway refuses, or its answer is lost.
        waits: It asks for a wait of up to 100 s, instead of an answer.
        slow_logs: The account of the logs takes 20 to 50 s to answer.
        rewritten: A commit begins the log anew.
        untold: A commit has no event.
        nagged: A commit has many events, for some minutes.
        belated: A log has commits around the end of its hour, and after the sweep has passed it.
        raised: The gateway takes larger batches from some moment on.
        skew: How far clocks of processes are off, in seconds.
        gone: A log is deleted.
    """

    kill: float = 0.0
    sleep: float = 0.0
    nap: float = 0.0
    lost: float = 0.0
    away: float = 0.0
    late: float = 0.0
    cut_off: float = 0.0
    slow: float = 0.0
    leisurely: float = 0.0
    busy: float = 0.0
    waits: float = 0.0
    slow_logs: float = 0.0
    rewritten: float = 0.0
    untold: float = 0.0
    nagged: float = 0.0
    belated: float = 0.0
    raised: float = 0.0
    skew: float = 300.0
    gone: float = 0.0

    @property
    def is_calm(self) -> bool:
        """Whether every commit is delivered by its event, and nothing is sent twice."""
        hard = (self.kill, self.sleep, self.nap, self.away, self.late, self.cut_off, self.slow, self.busy, self.untold)
        return not any((*hard, self.gone, self.waits, self.slow_logs))

    @property
    def leaves_holders_alone(self) -> bool:
        """Whether nothing keeps a holder from prolonging its claim in time."""
        return not any((self.kill, self.sleep, self.nap, self.away, self.late, self.cut_off))


MIXES = {
    "calm": Faults(rewritten=0.05),
    "leisurely": Faults(leisurely=1.0),
    "lost answers": Faults(lost=0.08, rewritten=0.05),
    "kills": Faults(kill=0.004, busy=0.1, rewritten=0.1, untold=0.1, lost=0.02, raised=0.5),
    "sleepers": Faults(sleep=0.01, busy=0.1, slow=0.1, rewritten=0.05, lost=0.03),
    "storage": Faults(lost=0.05, away=0.1, late=0.05, busy=0.05, rewritten=0.05, untold=0.05),
    "naps": Faults(nap=0.1, cut_off=0.03, slow=0.5, nagged=0.5),
    "cut off": Faults(cut_off=0.05, slow=0.5, nagged=0.5),
    "halving": Faults(kill=0.01, lost=0.05, raised=1.0, nagged=0.3),
    "belated": Faults(kill=0.01, lost=0.05, sleep=0.02, belated=1.0, nagged=0.4),
    "slow gateway": Faults(slow=0.3, lost=0.03, waits=0.1, nagged=0.3),
    "slow logs": Faults(slow_logs=0.1, lost=0.03, nagged=0.3),
    "gone": Faults(kill=0.004, gone=0.3, lost=0.03, untold=0.1),
    "all": Faults(
        kill=0.003,
        sleep=0.004,
        nap=0.01,
        lost=0.04,
        away=0.04,
        late=0.03,
        slow=0.05,
        busy=0.1,
        rewritten=0.1,
        untold=0.1,
    ),
}
"""Kinds of schedule, by what they are about."""
