//! Sally moves from New York to Tokyo while the network is cut.
//!
//! Two replicas hold where she lives. A partition begins, replica 0 is told of
//! the move, and somebody asks replica 1. What may it say?
use super::{
    CapError, ClientAnswer, Config, Partition, ReplicaProtocol, ReplicaState, ReplicaType, Request,
    simulation,
};
use polars::prelude::{DataFrame, PolarsResult, df};

/// The three stores: protocol and type.
pub const STORES: [(ReplicaProtocol, ReplicaType); 3] = [
    (ReplicaProtocol::Quorum, ReplicaType::Register),
    (ReplicaProtocol::Gossip, ReplicaType::Register),
    (ReplicaProtocol::Gossip, ReplicaType::MultiValue),
];

/// A story: what a store answers, in the order of the questions.
type Story = fn(ReplicaProtocol, ReplicaType) -> Result<Vec<ClientAnswer>, CapError>;

/// Returns what a store answers when sally moves to Tokyo, in the order of the questions.
///
/// ```
/// use lambda_workbook::cap::{ReplicaProtocol, ReplicaType, sally};
/// let answers = sally::moves(ReplicaProtocol::Gossip, ReplicaType::Register)?;
/// let told: Vec<String> = answers.iter().map(|answer| answer.reply.to_string()).collect();
/// assert_eq!(told, ["ok", "New York", "ok", "New York", "Tokyo"]);
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
///
/// # Errors
/// None in practice: the configuration is fixed.
pub fn moves(protocol: ReplicaProtocol, data: ReplicaType) -> Result<Vec<ClientAnswer>, CapError> {
    run(protocol, data, &[])
}

/// The same, and during the partition replica 1 is told of a third city.
///
/// # Errors
/// None in practice: the configuration is fixed.
pub fn moves_twice(
    protocol: ReplicaProtocol,
    data: ReplicaType,
) -> Result<Vec<ClientAnswer>, CapError> {
    run(protocol, data, &[(3_500, 1, Request::Move("Osaka"))])
}

fn run(
    protocol: ReplicaProtocol,
    data: ReplicaType,
    more: &[(u64, usize, Request)],
) -> Result<Vec<ClientAnswer>, CapError> {
    let mut config = Config::new(2, protocol, data)?;
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
    let start = ReplicaState::empty(data);
    let mut answers = simulation::script(&config, 0, start, &asks)?.answers;
    answers.sort_by_key(|answer| answer.asked_ms);
    Ok(answers)
}

/// Returns the answers of all three stores, one row each question.
///
/// # Errors
/// None in practice: the configuration is fixed.
pub fn table(story: Story) -> PolarsResult<DataFrame> {
    let [quorum, register, multi] = STORES.map(|(protocol, data)| story(protocol, data));
    let (quorum, register, multi) = (quorum?, register?, multi?);
    let told = |answers: &[ClientAnswer]| -> Vec<String> {
        { answers.iter() }
            .map(|answer| answer.reply.to_string())
            .collect()
    };
    let asked = |answer: &ClientAnswer| match answer.request {
        Request::Move(city) => format!("moves to {city}"),
        Request::Read | Request::View => "where is she?".to_owned(),
    };
    let network = |answer: &ClientAnswer| match (2_000..5_000).contains(&answer.asked_ms) {
        true => "cut",
        false => "whole",
    };
    // The width of a page: two of the three are called a register, and the third is one as well.
    let name = |place: usize| {
        let name = format!("{}, {}", STORES[place].0, STORES[place].1);
        name.replace("multi-value register", "multi-value")
    };
    df!(
        "second" => quorum.iter().map(|answer| answer.asked_ms as f64 / 1_000.0).collect::<Vec<_>>(),
        "network" => quorum.iter().map(network).collect::<Vec<_>>(),
        "replica" => quorum.iter().map(|answer| answer.replica as u32).collect::<Vec<_>>(),
        "asked" => quorum.iter().map(asked).collect::<Vec<_>>(),
        name(0) => told(&quorum),
        name(1) => told(&register),
        name(2) => told(&multi),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(story: Story, store: usize) -> Vec<String> {
        let (protocol, data) = STORES[store];
        let answers = story(protocol, data).unwrap();
        answers
            .iter()
            .map(|answer| answer.reply.to_string())
            .collect()
    }

    #[test]
    fn each_form_answers_as_it_must() {
        // A coordinator that has not heard of a quorum has stored nothing: fail, not unknown.
        let quorum = ["ok", "New York", "fail", "fail", "New York"];
        assert_eq!(told(moves, 0), quorum);
        for store in [1, 2] {
            let gossip = ["ok", "New York", "ok", "New York", "Tokyo"];
            assert_eq!(told(moves, store), gossip);
        }
    }

    #[test]
    fn of_two_moves_one_is_dropped_or_both_are_kept() {
        assert_eq!(told(moves_twice, 1)[3..], ["ok", "Osaka", "Osaka"]);
        assert_eq!(told(moves_twice, 2)[3..], ["ok", "Osaka", "Osaka or Tokyo"]);
    }
}
