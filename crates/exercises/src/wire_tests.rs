//! What is written is read again; whatever else is read, it is an error and no
//! panic.
use super::super::compare::difference;
use super::*;
use proptest::prelude::*;

fn frame() -> DataFrame {
    df!(
        "i64" => [Some(i64::MIN), None],
        "i32" => [Some(-7i32), Some(7)],
        "u64" => [Some(u64::MAX), None],
        "u32" => [1u32, 2],
        "f64" => [Some(f64::INFINITY), None],
        "f32" => [0.5f32, 1.5],
        "bool" => [Some(true), None],
        "str" => [Some("Zürich"), None],
    )
    .unwrap()
}

#[test]
fn every_type_of_column_comes_back() {
    let answer = Ok(Value::Frame(frame()));
    let back = decode_answer(&encode_answer(&answer)).unwrap().unwrap();
    assert_eq!(difference(answer.as_ref().unwrap(), &back), None);
}

#[test]
fn the_cases_of_every_exercise_come_back() {
    for exercise in crate::ALL {
        for case in (exercise.cases)(7) {
            let back = decode_inputs(&encode_inputs(&case.inputs)).unwrap();
            for ((name, value), (name_back, value_back)) in case.inputs.iter().zip(back.iter()) {
                assert_eq!(name, name_back);
                assert_eq!(difference(value, value_back), None, "{} {name}", case.name);
            }
            let answer = exercise.right_answer(&case.inputs);
            let answer = answer.map_err(|error| AttemptError::Error(error.to_string()));
            let back = decode_answer(&encode_answer(&answer)).unwrap().unwrap();
            assert_eq!(difference(&answer.unwrap(), &back), None, "{}", case.name);
        }
    }
}

#[test]
fn a_type_that_no_answer_has_is_an_error_in_words() {
    let dates = df!("day" => [1i32]).unwrap();
    let dates = dates
        .lazy()
        .select([col("day").cast(DataType::Date)])
        .collect()
        .unwrap();
    let back = decode_answer(&encode_answer(&Ok(Value::Frame(dates)))).unwrap();
    assert!(matches!(back, Err(AttemptError::Error(message)) if message.contains("`day` is date")));
}

#[test]
fn a_count_that_lies_reserves_no_memory() {
    let mut lie = vec![ANSWER, 0];
    lie.extend(u64::MAX.to_le_bytes());
    lie.extend(u64::MAX.to_le_bytes());
    assert!(decode_answer(&lie).is_err());
}

#[test]
fn a_table_has_so_many_columns_and_no_more() {
    let wide = |columns: usize| {
        let columns = (0..columns).map(|n| Column::new(format!("c{n}").into(), [1i64]));
        Value::Frame(DataFrame::new(1, columns.collect()).unwrap())
    };
    let back = |value: Value| decode_answer(&encode_answer(&Ok(value))).unwrap();
    assert!(back(wide(MOST_COLUMNS)).is_ok());
    let refused = back(wide(MOST_COLUMNS + 1));
    assert!(matches!(refused, Err(AttemptError::Error(told)) if told.contains("129 columns")));
    // A hostile program does not ask this encoder.
    let mut forged = vec![ANSWER, 0];
    forged.extend((MOST_COLUMNS as u64 + 1).to_le_bytes());
    forged.extend(1u64.to_le_bytes());
    forged.extend([0; 10_000]);
    let error = decode_answer(&forged).unwrap_err();
    assert_eq!(error, Garbled("it has too many columns"));
}

#[test]
fn the_name_of_a_column_is_short() {
    let named = |bytes: usize| {
        let column = Column::new("n".repeat(bytes).into(), [1i64]);
        Value::Frame(DataFrame::new(1, vec![column]).unwrap())
    };
    let back = |value: Value| decode_answer(&encode_answer(&Ok(value))).unwrap();
    assert!(back(named(LONGEST_NAME)).is_ok());
    let refused = back(named(LONGEST_NAME + 1));
    assert!(matches!(refused, Err(AttemptError::Error(told)) if told.contains("257 bytes")));
    let mut forged = vec![ANSWER, 0];
    forged.extend(1u64.to_le_bytes());
    forged.extend(1u64.to_le_bytes());
    forged.extend(300u64.to_le_bytes());
    forged.extend([b'n'; 320]);
    let error = decode_answer(&forged).unwrap_err();
    assert_eq!(error, Garbled("the name of a column is too long"));
}

proptest! {
    #[test]
    fn noise_is_an_error_and_no_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_answer(&noise);
        let _ = decode_inputs(&noise);
    }

    #[test]
    fn a_damaged_answer_is_an_error_or_another_answer(at in 0usize..10_000, byte: u8) {
        let mut bytes = encode_answer(&Ok(Value::Frame(frame())));
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = decode_answer(&bytes);
        prop_assert!(decode_answer(&bytes[..at]).is_err());
    }
}
