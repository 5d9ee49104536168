"""`factorengine show`: everything known about one factor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.options import examples, format_option, store_option

if TYPE_CHECKING:
    from knowledge_base.records import ProgramRecord

_SPLIT_COLUMNS = {
    "split": "split",
    "horizon": "days ahead",
    "ic": "IC",
    "icir": "ICIR",
    "rank_ic": "rank IC",
    "rank_icir": "rank ICIR",
    "days": "days",
}
_CARD_COLUMNS = {
    "split": "split",
    "fitness": "fitness",
    "coverage": "coverage",
    "turnover": "turnover",
    "sharpe": "Sharpe",
    "ar": "a year",
    "mdd": "drawdown",
}


@click.command(
    "show",
    epilog=examples(
        "factorengine show 12",
        "factorengine show 12 --source > factor.py",
        "factorengine show 12 --format json",
    ),
)
@click.argument("program_id", metavar="ID", type=click.IntRange(min=1, max=2**63 - 1))
@click.option("--source", is_flag=True, help="Print the program's text only.")
@store_option
@format_option("table", "json")
def command(program_id: int, source: bool, store_url: str, format_: str) -> None:
    """Show a factor: idea, lineage, parameters, its scores on each split and horizon, its program."""
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        record = store.program(program_id)
    if source:
        click.echo(record.source.rstrip("\n"))
    elif format_ == "json":
        click.echo(json.dumps(as_dict(record), indent=2))
    else:
        click.echo(_text(record))


def as_dict(record: ProgramRecord) -> dict[str, Any]:
    """A program's record as plain JSON values."""
    from factorengine.cli.rank import plain

    return {
        "id": record.id,
        "name": record.name,
        "fingerprint": record.fingerprint,
        "status": record.status,
        "idea": record.idea,
        "origin": record.origin,
        "tags": list(record.tags),
        "iteration": record.iteration,
        "parents": list(record.parent_ids),
        "cluster": record.cluster,
        "trials": record.trial_count,
        "parameters": dict(record.parameters or {}),
        "direction": record.direction,
        "splits": {
            score.split: {
                key: plain(getattr(score, key))
                for key in ("fitness", "coverage", "turnover", "rank_autocorrelation", "ar", "sharpe", "mdd")
            }
            | {
                "horizons": {
                    str(h.horizon_days): {
                        key: plain(getattr(h, key)) for key in ("ic", "icir", "rank_ic", "rank_icir", "days")
                    }
                    for h in score.horizons
                }
            }
            for score in record.scores
        },
        "failures": [
            {"stage": f.stage, "kind": f.kind, "message": f.message, "facts": dict(f.facts or {})}
            for f in record.failures
        ],
        "audits": [dict(audit) for audit in record.audits or ()],
        "complexity": dict(record.complexity or {}),
        "reward": plain(record.reward),
        "reward_terms": dict(record.reward_terms or {}),
        "tuning": dict(record.tuning or {}),
        "similarity": plain(record.similarity),
        "similar_to": record.similar_to,
        "revisions": [asdict(revision) for revision in record.revisions],
        "source": record.source,
    }


def _text(record: ProgramRecord) -> str:
    from factorengine.cli.tables import audit_line, shown, table

    facts = [
        f"{record.name}  (id {record.id}, {record.status}, fingerprint {record.fingerprint})",
        record.idea,
        f"from {record.origin}, iteration {record.iteration}, parents {list(record.parent_ids) or 'none'}, "
        f"{record.trial_count} trials",
        f"parameters: {shown('parameters', record.parameters or {}) or 'none'}; direction {record.direction}",
    ]
    if record.direction == -1:
        facts.append("direction -1: the scores below are those of minus the program's value.")
    if record.complexity:
        facts.append(f"complexity: {shown('complexity', record.complexity)}; {_likeness(record)}")
    if record.reward_terms:
        terms = {name: value for name, value in record.reward_terms.items() if value}
        facts.append(f"reward {shown('fitness', record.reward)}: {_terms(terms)}")
    if record.tuning:
        facts.append(_tuning(record.tuning))
    if record.audits:
        facts.append(f"{audit_line(record.audits[-1])}; {len(record.audits)} parameter settings audited")
    facts += [f"failed at {f.stage}: {f.kind}: {f.message}" for f in record.failures]
    if record.scores:
        cards = [{key: getattr(score, key) for key in _CARD_COLUMNS} for score in record.scores]
        rows = [
            {"split": score.split, "horizon": h.horizon_days, "days": h.days}
            | {key: getattr(h, key) for key in ("ic", "icir", "rank_ic", "rank_icir")}
            for score in record.scores
            for h in score.horizons
        ]
        facts += ["", table(cards, _CARD_COLUMNS), "", table(rows, _SPLIT_COLUMNS)]
    for revision in record.revisions:
        facts += ["", revision.reason, *_diff(revision.source, record.source)]
    return "\n".join([*facts, "", record.source.rstrip("\n")])


def _terms(terms: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:+.4f}" for name, value in terms.items())


def _tuning(tuning: Mapping[str, Any]) -> str:
    plateau, shares = tuning.get("plateau"), tuning.get("importance") or {}
    parts = [f"tuned by {tuning['sampler']}"]
    if plateau is not None:
        parts.append(f"a small step from the best parameters keeps {plateau:.0%} of the fitness")
    if shares:
        parts.append("importance " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    return "; ".join(parts)


def _likeness(record: ProgramRecord) -> str:
    if not record.similarity:
        return "shares no part with an earlier program"
    return f"{record.similarity:.0%} of it is in program {record.similar_to}, too"


def _diff(before: str, after: str) -> list[str]:
    return list(unified_diff(before.splitlines(), after.splitlines(), "proposed", "stored", lineterm=""))
