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

/// A length that is larger than everything there is, as the format writes it.
const LIES: [&[u8]; 2] = [
    &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    &[128, 128, 128, 128, 128, 32],
];

#[test]
fn a_count_that_lies_reserves_no_memory() {
    for lie in LIES {
        // How many columns; how many rows of one column; how many bytes of a text.
        let rows = |kind: u8| vec![0, 0, 1, 1, b'a', kind];
        let mut before = vec![vec![], vec![0], vec![0, 0], vec![0, 3], vec![3]];
        before.extend((0..9).map(rows));
        for before in before {
            let bytes = [before.as_slice(), lie].concat();
            assert!(decode_answer(&bytes).is_err(), "{bytes:?}");
        }
        assert!(decode_inputs(lie).is_err());
    }
}

#[test]
fn columns_of_unequal_length_are_refused() {
    let column = |rows| WireColumn::Int64(vec![Some(1); rows]);
    let columns = |rows| vec![("a", column(2)), ("b", column(rows))];
    let answer = |rows| to_bytes(&WireAnswer::Answer(WireValue::Frame(columns(rows))));
    assert!(decode_answer(&answer(2)).is_ok());
    assert!(decode_answer(&answer(1)).is_err());
    assert!(decode_answer(&answer(3)).is_err());
}

#[test]
fn a_table_larger_than_any_answer_is_refused_on_both_sides() {
    let names: Vec<String> = (0..=MOST_COLUMNS).map(|n| n.to_string()).collect();
    let table = |rows: usize, columns: usize| {
        let column = |name: &String| Column::new(name.as_str().into(), vec![None::<i64>; rows]);
        DataFrame::new(rows, names[..columns].iter().map(column).collect()).unwrap()
    };
    let hostile = |rows: usize, columns: usize| {
        let column = |name| (name, WireColumn::Int64(vec![None; rows]));
        let columns = names[..columns].iter().map(String::as_str).map(column);
        to_bytes(&WireAnswer::Answer(WireValue::Frame(columns.collect())))
    };
    for (rows, columns) in [(MOST_ROWS, 1), (0, MOST_COLUMNS)] {
        let honest = encode_answer(&Ok(Value::Frame(table(rows, columns))));
        assert_eq!(honest, hostile(rows, columns));
        assert!(decode_answer(&honest).unwrap().is_ok());
    }
    for (rows, columns) in [(MOST_ROWS + 1, 1), (0, MOST_COLUMNS + 1)] {
        let size = format!("{rows} rows and {columns} columns is too large");
        let honest = encode_answer(&Ok(Value::Frame(table(rows, columns))));
        let answer = decode_answer(&honest).unwrap();
        assert!(matches!(answer, Err(AttemptError::Error(message)) if message.contains(&size)));
        let refused = decode_answer(&hostile(rows, columns)).unwrap_err();
        let counted = format!("{columns} columns is too large");
        assert!(refused.to_string().contains(&counted), "{refused}");
    }
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let inputs = encode_inputs(&Inputs::new().with("n", Value::Int(7)));
    for mut bytes in [
        encode_answer(&Ok(Value::Frame(frame()))),
        encode_answer(&Err(AttemptError::Unsolved)),
    ] {
        bytes.push(0);
        assert!(decode_answer(&bytes).is_err());
    }
    assert!(decode_inputs(&inputs).is_ok());
    assert!(decode_inputs(&[inputs.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn a_flag_is_0_or_1_and_a_text_is_utf_8() {
    let strings = |value: &[u8]| [&[0, 0, 1, 1, b'a', 7, 1], value].concat();
    assert!(decode_answer(&strings(&[1, 1, b'x'])).is_ok());
    assert!(decode_answer(&strings(&[2, 1, b'x'])).is_err());
    assert!(decode_answer(&strings(&[1, 1, 255])).is_err());
}

#[test]
fn the_name_of_a_column_is_short_on_both_sides() {
    let named = |bytes: usize| {
        let column = Column::new("n".repeat(bytes).into(), [1i64]);
        Value::Frame(DataFrame::new(1, vec![column]).unwrap())
    };
    let back = |value: Value| decode_answer(&encode_answer(&Ok(value))).unwrap();
    assert!(back(named(LONGEST_NAME)).is_ok());
    let refused = back(named(LONGEST_NAME + 1));
    assert!(matches!(refused, Err(AttemptError::Error(told)) if told.contains("257 bytes")));
    let name = "n".repeat(LONGEST_NAME + 1);
    let hostile = WireValue::Frame(vec![(&name, WireColumn::Int64(vec![Some(1)]))]);
    let error = decode_answer(&to_bytes(&WireAnswer::Answer(hostile))).unwrap_err();
    assert!(error.to_string().contains("257 bytes"), "{error}");
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
