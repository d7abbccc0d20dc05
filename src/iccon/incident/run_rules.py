"""Running a command of a runbook: what must hold before, what is written, and what the state keeps. Pure."""

from msgspec.structs import replace

from iccon.incident import commands as c
from iccon.incident import entries as e
from iccon.incident.effects import Effect, EffectState
from iccon.incident.ruling import Context, Decision, Outcome, Refusal, one
from iccon.incident.runs import APPROVAL_HOLDS, PORT, RUN_OF, Approval, Run, ago, came_of, command_id
from iccon.incident.state import Outcome as Stands
from iccon.incident.state import State


def run(state: State, command: c.RunStep, ctx: Context) -> Outcome:
    """Let a command run, through the outbox: its target typed where it is risky, nobody else at it, and so on."""
    if command.risks and command.typed.strip() != command.target:
        return Refusal("confirm", f"risky: {'; '.join(command.risks)}", f"type {command.target} to run it")
    sha256 = command_id(command.language, command.code)
    if refused := _run_before(state, command, sha256, ctx):
        return refused
    approval = None
    if command.risks and ctx.policy.second_person:
        approval = approved(state, command, ctx)
        if approval is None:
            hint = "`iccon runbook approve`, or ! and A on another's console"
            return Refusal("approval", "risky: by policy a second person approves it first", hint)
    effect = _effect(state, command, ctx)
    body = e.StepRun(
        path=command.path,
        digest=command.digest,
        step=command.step,
        text=command.text,
        role=command.role,
        language=command.language,
        code=command.code,
        variables=command.variables,
        host=command.host,
        directory=f"{command.directory}/{effect.id}",
        environment=command.environment,
        target=command.target,
        risks=command.risks,
        approval=approval.entry if approval else "",
        approved_by=approval.person if approval else "",
        effect=effect.id,
    )
    return Decision((e.Draft(state.incident, body, ctx.now, ctx.actor),), (effect,))


def _effect(state: State, command: c.RunStep, ctx: Context) -> Effect:
    payload = {
        "title": command.text,
        "language": command.language,
        "code": command.code,
        "variables": command.variables,
        "target": command.target,
        "typed": command.typed.strip(),
        "said": command.said,
        "patience": command.timeout,
    }
    return Effect(ctx.new_id(), state.incident, PORT, f"{RUN_OF}{command.path}", command.role, payload)


def _run_before(state: State, command: c.RunStep, sha256: str, ctx: Context) -> Refusal | None:
    last = last_run(state, command.path, command.step, sha256)
    if last is None:
        return None
    words = f"already run {ago(ctx.now - last.at)} by {last.person}: {stands(state, last)}"
    if state.outcomes[last.effect].state is EffectState.QUEUED:
        return Refusal("under_way", words, "if its console is gone: `iccon outbox --recover`")
    return None if last.entry == command.seen else Refusal("run_before", words, "look at that, then run it again")


def last_run(state: State, path: str, step: str, sha256: str = "") -> Run | None:
    """Return the newest run of a step, or of the one command of it that `sha256` names."""
    of_step = (run for run in reversed(state.runs.values()) if (run.path, run.step) == (path, step))
    return next((run for run in of_step if sha256 in ("", run.sha256)), None)


def stands(state: State, run: Run) -> str:
    """Return in words what came of a run."""
    outcome = state.outcomes[run.effect]
    return came_of(outcome.state, outcome.detail, outcome.receipt)


def step_words(state: State, path: str) -> dict[str, tuple[Run, str]]:
    """Return the newest run of each step of a runbook, by the step's id, and what came of it in words."""
    return {run.step: (run, stands(state, run)) for run in state.runs.values() if run.path == path}


def approved(state: State, command: c.RunStep, ctx: Context) -> Approval | None:
    """Return an approval of just this by somebody else that no run has used yet."""
    wanted = (command_id(command.language, command.code), command.target, command.variables)
    used = {run.approval for run in state.runs.values()}
    fits = (each for each in state.approvals if (each.sha256, each.target, each.variables) == wanted)
    free = (each for each in fits if each.entry not in used and each.person != ctx.actor)
    return next((each for each in free if ctx.now - each.at <= APPROVAL_HOLDS), None)


def approve(state: State, command: c.ApproveRun, ctx: Context) -> Outcome:
    """Say that somebody else may run a command against a target."""
    body = e.RunApproved(
        path=command.path,
        digest=command.digest,
        step=command.step,
        text=command.text,
        language=command.language,
        code=command.code,
        target=command.target,
        variables=command.variables,
    )
    return one(state, ctx, body)


def keep_output(state: State, command: c.KeepOutput, ctx: Context) -> Outcome:
    """Write down what a run printed, once."""
    body = command.printed
    if body.effect not in state.runs:
        return Refusal("no_run", "this incident ran no such command")
    return Decision((e.Draft(state.incident, body, ctx.now, "iccon", f"run:{body.effect}"),))


def ran(state: State, entry: e.Entry, body: e.StepRun) -> State:
    """Know of a run."""
    sha256 = command_id(body.language, body.code)
    run = Run(
        body.effect, entry.id, body.path, body.step, sha256, body.role, entry.actor, entry.happened_at, body.approval
    )
    queued = Stands(f"{RUN_OF}{body.path}", EffectState.QUEUED, "", entry.happened_at)
    return replace(state, runs={**state.runs, body.effect: run}, outcomes={body.effect: queued, **state.outcomes})


def printed(state: State, _: e.Entry, body: e.RunPrinted) -> State:
    """Know that what a run printed is on the record."""
    run = state.runs.get(body.effect)
    return state if run is None else replace(state, runs={**state.runs, body.effect: replace(run, printed=True)})


def allowed(state: State, entry: e.Entry, body: e.RunApproved) -> State:
    """Know of an approval."""
    sha256 = command_id(body.language, body.code)
    approval = Approval(entry.id, sha256, body.target, body.variables, entry.actor, entry.happened_at)
    return replace(state, approvals=(*state.approvals, approval))
