"""The settings of a mining run: checked at birth, the same keys as the command line and the TOML file."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from agents.llm.settings import LanguageConfig
from backtest.labels import HORIZONS_DAYS, MIN_ASSETS
from engine.emphasis import Emphasis
from market.errors import ConfigError

_AHEAD = 4
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(text: object) -> object:
    """`"90"`, `"90s"`, `"10m"`, `"2h"`, `"1d"` → seconds; other types pass through to be checked."""
    if not isinstance(text, str):
        return text
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    if not found:
        raise ValueError(f"must be a duration such as 90s, 10m or 2h, got {text!r}")
    return float(found[1]) * _UNIT_SECONDS[found[2] or "s"]


class MineConfig(BaseModel):
    """What to search, for how long, and how candidates are judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path | None = Field(None, description="market data; the built-in synthetic market if absent")
    store: str = Field("sqlite:///factorengine.db", description="URL of the experience store")
    run: str | None = Field(
        None, min_length=1, max_length=100, description="name of the run; resumed if it exists"
    )
    iterations: int = Field(120, ge=1, description="programs to propose")
    trials: int = Field(20, ge=1, description="usual number of parameter trials of a program")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="worker processes"
    )
    seed: int = Field(7, ge=0, le=2**63 - 1, description="seed of everything random")
    time_limit: Annotated[float | None, BeforeValidator(seconds_of)] = Field(
        None, gt=0, allow_inf_nan=False, description="stop after this many seconds; the run can be resumed"
    )
    train_end: date | None = Field(None, description="last day of the training period")
    valid_end: date | None = Field(
        None, description="last day of the validation period; later days stay unread"
    )
    universe: str = Field("auto", description="auto, all, or top:N by trailing dollar volume")
    seeds: str = Field(
        "alpha158-10",
        description="seed programs to start from, joined by +: sets, own (of the store), files, folders; or none",
    )
    horizons_days: tuple[int, ...] = Field(HORIZONS_DAYS, min_length=1, description="forward-return horizons")
    min_assets: int = Field(MIN_ASSETS, ge=3, description="fewest stocks for a day to count")
    program_timeout: Annotated[float, BeforeValidator(seconds_of)] = Field(
        30.0, gt=0, allow_inf_nan=False, description="seconds that one run of a program may take"
    )
    program_memory_gib: float = Field(2.0, ge=0.25, le=1024, description="memory of one worker process")
    islands: int = Field(2, ge=1, le=64, description="independent program trees")
    exploration: float = Field(
        2.0**0.5,
        ge=0,
        allow_inf_nan=False,
        description="UCT's c: how much what was rarely changed is preferred",
    )
    reward_scale: Literal["tree", "none"] = Field(
        "tree", description="rewards scaled to 0..1 within a tree, so that c balances; none = as in the paper"
    )
    migration_every: int = Field(7, ge=0, description="iterations of an island between exchanges; 0 = none")
    migrants: int = Field(3, ge=1, description="programs that an island sends")
    migration: Literal["ring", "all"] = Field("all", description="to the next island, or to all others")
    emphasis: tuple[str, ...] = Field(
        (),
        description="what each island concentrates on, in turn: themes such as volume or price+volume, and horizons "
        "that it judges by, such as 1d or volume+5d+10d",
    )
    experience: Literal["chains", "top-k", "none", "blind"] = Field(
        "chains",
        description="what a proposer learns from: chains of the tree unlike the current one, the best ones, "
        "elites only, or nothing at all",
    )
    reward: Literal["robust", "paper"] = Field(
        "robust", description="validation fitness less what makes it doubtful, or that fitness alone"
    )
    proposer: Literal["grammar", "llm", "mixed", "random"] = Field(
        "grammar",
        description="who proposes: the built-in grammar, a language model, both, or chance, for comparison",
    )
    llm: LanguageConfig = Field(
        LanguageConfig.model_validate({}), description="which language models, where, and for how much"
    )
    llm_replay: str | None = Field(
        None,
        description="a recorded run or cassette file whose replies are given again, instead of asking a model",
    )
    proposals_ahead: int | None = Field(
        None,
        ge=0,
        le=256,
        description="proposals thought out while workers are busy; 0 = one by one, repeatable; if absent 0, or 4 "
        "with a language model",
    )
    allotment: Literal["promise", "even"] = Field(
        "promise",
        description="trials where they promise most: fewer for programs that many others surpass on the training days, "
        "more for the best; or evenly",
    )
    sampler: Literal["tpe", "gp", "cmaes", "qmc", "random", "auto"] = Field(
        "tpe", description="Optuna's sampler of parameters"
    )
    neighbours: int = Field(
        3,
        ge=0,
        description="of the trials, at most a fifth: those beside the best parameters, to see how fragile they are",
    )
    trial_patience: int | None = Field(
        None, ge=1, description="end a program's trials after so many that brought no more than `trial_noise`"
    )
    trial_noise: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="gain of fitness on the training days that is below noise"
    )
    target: float | None = Field(
        None, allow_inf_nan=False, description="stop when a program has this validation fitness"
    )
    patience: int | None = Field(
        None, ge=1, description="stop after this many iterations without a new elite"
    )
    require_sandbox: bool = Field(
        False, strict=True, description="refuse to run programs where a wall of the sandbox is missing"
    )
    control: Literal["none", "shuffled"] = Field(
        "none", description="`shuffled` scores against permuted returns: an honest search then finds nothing"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: object, field: ValidationInfo) -> object:
        if isinstance(value, bool) and field.field_name != "require_sandbox":
            raise ValueError("true and false are no settings here")  # else 1 and 0 to the numbers
        return value

    @model_validator(mode="after")
    def _dates_belong_together(self) -> MineConfig:
        if (self.train_end is None) != (self.valid_end is None):
            raise ValueError("train_end and valid_end belong together: give both or neither")
        if self.train_end and self.valid_end and self.train_end >= self.valid_end:
            raise ValueError(f"train_end {self.train_end} must lie before valid_end {self.valid_end}")
        return self

    @field_validator("emphasis")
    @classmethod
    def _known_emphasis(cls, value: tuple[str, ...], field: ValidationInfo) -> tuple[str, ...]:
        for part in value:
            Emphasis.parse(part, field.data.get("horizons_days", ()))
        return value

    @property
    def asks_models(self) -> bool:
        """Whether a language model takes part."""
        return self.proposer in ("llm", "mixed")

    @property
    def ahead(self) -> int:
        """How many proposals are thought out at once, beyond the one that is needed."""
        if self.proposals_ahead is not None:
            return self.proposals_ahead
        return 0 if not self.asks_models or self.llm_replay else _AHEAD

    @property
    def of_a_run(self) -> dict[str, Any]:
        """What a run remembers of it, plain: all but the store's URL, of which a password may be part."""
        return self.model_dump(mode="json", exclude={"store"})

    def require_language(self) -> None:
        """Raise `ConfigError` if a language model is to be asked and cannot be."""
        if not self.asks_models:
            return
        self.llm.require_models()
        if self.llm_replay is None:
            self.llm.require_access()

    @classmethod
    def of(cls, values: dict[str, Any]) -> MineConfig:
        """Build a config from plain values; `ConfigError` names the key, the rule and the value in one line."""
        try:
            return cls.model_validate(values)
        except ValidationError as problem:
            raise ConfigError(_one_line(problem, list(cls.model_fields))) from None

    @classmethod
    def read(cls, path: Path) -> dict[str, Any]:
        """The values in a TOML file, not yet checked."""
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"no config file at `{path}`: check --config.") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise ConfigError(f"`{path}` is not a readable TOML file: {problem}.") from None


def _one_line(problem: ValidationError, known: list[str]) -> str:
    first = problem.errors()[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        known = list(LanguageConfig.model_fields) if first["loc"][0] == "llm" else known
        return f"unknown setting `{key}`; known: {', '.join(known)}."
    message = first["msg"].removeprefix("Value error, ")
    return f"setting `{key}`: {message}, got {first['input']!r}." if key else f"{message}."
