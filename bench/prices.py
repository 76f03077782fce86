"""Google Cloud's prices for the services that the modules use, and the bill for a million visits."""

from __future__ import annotations

from dataclasses import dataclass

LOOKED_UP = "November 2026"
REGION = "us-central1"
VISITS = 1_000_000
DAYS = 30


@dataclass(frozen=True)
class Price:
    """US dollars for `per` units beyond the `free` ones of a month of DAYS days."""

    name: str
    dollars: float
    per: int
    free: int
    source: str

    def bill(self, units: float) -> float:
        """Return the dollars for a month's units."""
        return max(0.0, units - self.free) * self.dollars / self.per


READS = Price("Datastore entity reads", 0.03, 100_000, 50_000 * DAYS, "https://cloud.google.com/datastore/pricing")
WRITES = Price("Datastore entity writes", 0.09, 100_000, 20_000 * DAYS, "https://cloud.google.com/datastore/pricing")
REQUESTS = Price("Cloud Run requests", 0.40, 1_000_000, 2_000_000, "https://cloud.google.com/run/pricing")
CPU = Price("Cloud Run vCPU-seconds", 0.000024, 1, 180_000, "https://cloud.google.com/run/pricing")
MEMORY = Price("Cloud Run GiB-seconds", 0.0000025, 1, 360_000, "https://cloud.google.com/run/pricing")
ALL = (READS, WRITES, REQUESTS, CPU, MEMORY)

# Cloud Run bills a request by 100 ms, and a service has 1 vCPU and 512 MiB unless it asks for another size.
_SECONDS, _GIB = 0.1, 0.5


def bill(platform: str, new: dict[str, float], again: dict[str, float], share_again: float) -> float:
    """Return the dollars for VISITS visits in a month, of which this share are by visitors of the hour before."""

    def total(name: str) -> float:
        return VISITS * ((1 - share_again) * new.get(name, 0) + share_again * again.get(name, 0))

    dollars = READS.bill(total("entity reads")) + WRITES.bill(total("entity writes"))
    if platform.startswith("Cloud Run"):
        dollars += REQUESTS.bill(VISITS) + CPU.bill(VISITS * _SECONDS) + MEMORY.bill(VISITS * _SECONDS * _GIB)
    return dollars
