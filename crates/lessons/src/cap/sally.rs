//! Sally moves from New York to Tokyo while the network is cut.
//!
//! Two replicas hold where she lives. A partition begins, replica 0 is told of
//! the move, and somebody asks replica 1. What may it say?
use super::{CapError, ClientAnswer, Config, Form, Partition, ReplicaState, Request, simulation};
use polars::prelude::{DataFrame, PolarsResult, df};

/// What each form of the store answers, in the order of the questions.
///
/// ```
/// use lambda_workbook::cap::{Form, sally};
/// let answers = sally::moves(Form::LastWrite)?;
/// let told: Vec<String> = answers.iter().map(|answer| answer.reply.to_string()).collect();
/// assert_eq!(told, ["done", "New York", "done", "New York", "Tokyo"]);
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
pub fn moves(form: Form) -> Result<Vec<ClientAnswer>, CapError> {
    run(form, &[])
}

/// The same, and during the partition replica 1 is told of a third city.
pub fn moves_twice(form: Form) -> Result<Vec<ClientAnswer>, CapError> {
    run(form, &[(3_500, 1, Request::Move("Osaka"))])
}

fn run(form: Form, more: &[(u64, usize, Request)]) -> Result<Vec<ClientAnswer>, CapError> {
    let mut config = Config::new(2, form)?;
    (
        config.network.loss_per_mille,
        config.network.twice_per_mille,
    ) = (0, 0);
    (config.network.delay_ms, config.clock_skew_ms) = ((10, 10), 0);
    config.partition = Some(Partition {
        from_ms: 2_000,
        until_ms: 5_000,
        first: 1,
    });
    let mut asks = vec![
        (0, 0, Request::Move("New York")),
        (1_000, 1, Request::Read),
        (3_000, 0, Request::Move("Tokyo")),
        (4_000, 1, Request::Read),
        (7_000, 1, Request::Read),
    ];
    asks.extend_from_slice(more);
    asks.sort_by_key(|ask| ask.0);
    let mut answers = simulation::script(&config, 0, ReplicaState::city(form), &asks)?.answers;
    answers.sort_by_key(|answer| answer.asked_ms);
    Ok(answers)
}

/// The answers of all forms, one row each question.
pub fn table(story: fn(Form) -> Result<Vec<ClientAnswer>, CapError>) -> PolarsResult<DataFrame> {
    let all = Form::ALL.map(story);
    let [cp, last, crdt] = all;
    let (cp, last, crdt) = (cp?, last?, crdt?);
    let told = |answers: &[ClientAnswer]| -> Vec<String> {
        answers
            .iter()
            .map(|answer| answer.reply.to_string())
            .collect()
    };
    let asked = |answer: &ClientAnswer| match answer.request {
        Request::Move(city) => format!("moves to {city}"),
        Request::Read | Request::View => "where is she?".to_owned(),
    };
    let network = |answer: &ClientAnswer| {
        if (2_000..5_000).contains(&answer.asked_ms) {
            "cut"
        } else {
            "whole"
        }
    };
    df!(
        "s" => cp.iter().map(|answer| answer.asked_ms as f64 / 1_000.0).collect::<Vec<_>>(),
        "network" => cp.iter().map(network).collect::<Vec<_>>(),
        "replica" => cp.iter().map(|answer| answer.replica as u32).collect::<Vec<_>>(),
        "asked" => cp.iter().map(asked).collect::<Vec<_>>(),
        Form::Quorum.to_string() => told(&cp),
        Form::LastWrite.to_string() => told(&last),
        Form::Crdt.to_string() => told(&crdt),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(story: fn(Form) -> Result<Vec<ClientAnswer>, CapError>, form: Form) -> Vec<String> {
        story(form)
            .unwrap()
            .iter()
            .map(|answer| answer.reply.to_string())
            .collect()
    }

    #[test]
    fn each_form_answers_as_it_must() {
        assert_eq!(
            told(moves, Form::Quorum),
            ["done", "New York", "no answer", "no answer", "New York"]
        );
        assert_eq!(
            told(moves, Form::LastWrite),
            ["done", "New York", "done", "New York", "Tokyo"]
        );
        assert_eq!(
            told(moves, Form::Crdt),
            ["done", "New York", "done", "New York", "Tokyo"]
        );
    }

    #[test]
    fn of_two_moves_one_is_dropped_or_both_are_kept() {
        assert_eq!(
            told(moves_twice, Form::LastWrite)[3..],
            ["done", "Osaka", "Osaka"]
        );
        assert_eq!(
            told(moves_twice, Form::Crdt)[3..],
            ["done", "Osaka", "Osaka or Tokyo"]
        );
    }
}
