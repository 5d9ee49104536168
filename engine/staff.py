"""Who proposes, mends and analyses in a run: what its config says, around one client of the language models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.grammar import GrammarProposer, RandomProposer
from agents.language import LanguageMentor, LanguageProposer, Mentor
from agents.language.redaction import Redaction
from agents.llm.client import LanguageClient
from agents.llm.endpoint import Endpoint
from agents.llm.settings import LanguageConfig
from agents.mixed import MixedProposer
from agents.proposer import Proposer
from engine.config import MineConfig
from engine.source import MiningMarket
from knowledge_base.calls import run_account
from knowledge_base.records import RunRecord
from knowledge_base.store import Store
from market.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Staff:
    """The proposer of a run, and its mentor and client if language models take part."""

    proposer: Proposer
    mentor: Mentor | None = None
    client: LanguageClient | None = None

    @property
    def note(self) -> str:
        """What a person should know of the language models: that they are away, or that their budget is used up."""
        return self.client.note if self.client else ""

    def close(self) -> None:
        """Give up calls in flight."""
        if self.client:
            self.client.close()


def staff_of(
    config: MineConfig, store: Store, run: RunRecord, market: MiningMarket, proposer: Proposer | None
) -> Staff:
    """The given proposer, or those that the config names."""
    if proposer is not None:
        return Staff(proposer=proposer)
    grammar = GrammarProposer()
    if not config.asks_models:
        return Staff(proposer=RandomProposer() if config.proposer == "random" else grammar)
    store.abandon_calls(run_account(run.name))
    client = LanguageClient(
        endpoint_of(config.llm, config.llm_replay, store, run_account(run.name)),
        store,
        config.llm,
        account=run_account(run.name),
        run_id=run.id,
        replayed=config.llm_replay is not None,
    )
    open_minded = config.llm.disclose_market
    redaction = Redaction(frozenset(map(str, market.panel.symbols)), is_on=not open_minded)
    budget = config.llm.budget_usd
    return Staff(
        proposer=MixedProposer(
            language=LanguageProposer(
                client, redaction, _description(market) if open_minded else "", config.horizons_days
            ),
            offline=grammar,
            least_share=config.llm.least_share if config.proposer == "mixed" else None,
            stops_when_spent=config.llm.when_spent == "stop",
            usd_per_iteration=None if budget is None else budget / config.iterations,
        ),
        mentor=LanguageMentor(client, redaction),
        client=client,
    )


def endpoint_of(language: LanguageConfig, replay: str | None, store: Store, account: str) -> Endpoint:
    """Where the calls of an account go: to the endpoint, or to a run's or cassette's recorded replies."""
    from agents.llm.openai_endpoint import OpenAIEndpoint
    from agents.llm.replay import RecordedEndpoint, read_cassette

    if replay is None:
        return OpenAIEndpoint(language)
    if Path(replay).is_file():
        recorded = read_cassette(Path(replay))
    else:
        recorded = store.calls(run_account(replay), answered=True)
    if not recorded:
        raise ConfigError(
            f"a replay needs recorded calls, {replay!r} is neither a run of this store with some nor a cassette file."
        )
    return RecordedEndpoint(recorded, answered=store.calls(account, answered=True))


def _description(market: MiningMarket) -> str:
    panel = market.panel
    rows, columns = panel.shape
    return (
        f"{Path(market.origin).name}: {columns} stocks such as {', '.join(map(str, panel.symbols[:10]))}; "
        f"{rows} days from {panel.dates[0]} to {panel.dates[-1]}."
    )
