//! `--message-format=json`: a JSON line per event, while it happens, for programs that show progress.

use fbuild_model::Event;
use fbuild_model::event::{ActionEnding, ActionReport};

use crate::fold::PlanSummary;
use crate::json::{Origin, cost, plan, remote_use, schema_of, seconds, shared_warnings, sketch};
use crate::schema;
use crate::schema::message::Message;

/// Returns the event as one line of JSON, with its line end.
pub fn render(event: &Event, origin: &Origin) -> String {
    let mut text = serde_json::to_string(&message(event, origin))
        .expect("the wire types have only string keys");
    text.push('\n');
    text
}

/// Returns the event as a wire type.
pub fn message(event: &Event, origin: &Origin) -> Message {
    match event {
        Event::RunStarted {
            boards,
            sketches,
            unrequested: _,
            framework_jobs,
            sketch_jobs,
        } => Message::RunStarted {
            schema: schema_of(schema::MESSAGES_NAME),
            boards: boards.clone(),
            sketches_per_board: *sketches as u64,
            framework_jobs: *framework_jobs as u64,
            sketch_jobs: *sketch_jobs as u64,
        },
        Event::Planned {
            duration,
            cost,
            libraries,
            shared_actions,
            fallbacks,
        } => Message::Planned {
            plan: plan(&PlanSummary {
                duration: *duration,
                cost: *cost,
                libraries: libraries.clone(),
                shared_actions: *shared_actions,
                fallbacks: fallbacks.clone(),
            }),
        },
        Event::StageStarted { stage, total } => Message::StageStarted {
            stage: stage.name().to_owned(),
            total: *total as u64,
        },
        Event::WorkStarted { stage, label } => Message::WorkStarted {
            stage: stage.name().to_owned(),
            label: label.clone(),
        },
        Event::ActionFinished(action) => action_finished(action),
        Event::SharedWarnings(shared) => Message::SharedWarnings(shared_warnings(shared, origin)),
        Event::SketchFinished { index, result } => Message::SketchFinished {
            index: *index as u64,
            sketch: Box::new(sketch(result, origin)),
        },
        Event::StageFinished(report) => Message::StageFinished {
            stage: report.stage.name().to_owned(),
            seconds: seconds(report.wall),
            cost: cost(report.cost),
            hits: report.hits as u64,
            ran: report.ran as u64,
            key: report.key.clone(),
        },
        Event::RemoteUsed(used) => Message::RemoteUsed(remote_use(*used)),
        Event::Audited(audit) => Message::Audited(crate::json::audit(audit)),
        Event::Warning(text) => Message::Warning {
            message: text.clone(),
        },
        Event::RunFinished { duration } => Message::RunFinished {
            seconds: seconds(*duration),
        },
    }
}

fn action_finished(action: &ActionReport) -> Message {
    let (success, reason, spent, preamble) = match &action.ending {
        ActionEnding::Hit => (true, None, None, None),
        ActionEnding::Ran {
            reason,
            cost,
            success,
            preamble,
        } => (*success, Some(reason), Some(*cost), *preamble),
    };
    Message::ActionFinished {
        stage: action.stage.name().to_owned(),
        label: action.label.clone(),
        command: action.command.clone(),
        cached: reason.is_none(),
        success,
        reason: reason.map(ToString::to_string),
        cost: spent.map(cost),
        preamble_used: preamble,
    }
}
