//! Reads the equivs of an input, without its page views.
use super::chunked_input::ChunkedInput;
use super::open;
use crate::datum::Equiv;
use crate::engine::{EngineError, Input};
use rayon::prelude::*;

/// Calls `each` with every equiv of an input, in the order of the input. They are the equivs that a
/// batch run over the same input joins persons by.
///
/// # Errors
/// If the input cannot be read, and those of `each`.
///
/// ```
/// use lambda_workbook::datum::PersonId;
/// use lambda_workbook::engine::{EngineError, local::each_equiv};
///
/// let folder = tempfile::tempdir()?;
/// let datums = folder.path().join("datums.jsonl");
/// std::fs::write(&datums, r#"{"dataunit":{"equiv":{"id1":{"user_id":1},"id2":{"cookie":"a"}}},"pedigree":{"true_as_of_secs":60}}"#)?;
/// let mut found = Vec::new();
/// each_equiv(&datums.into(), &mut |equiv| {
///     found.push(equiv.id1);
///     Ok::<(), EngineError>(())
/// })?;
/// assert_eq!(found, [PersonId::UserId(1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn each_equiv<E: From<EngineError>>(
    input: &Input,
    each: &mut dyn FnMut(Equiv) -> Result<(), E>,
) -> Result<(), E> {
    let input = open::open(input, None)?;
    let source = input.source();
    let chunks: Vec<usize> = (0..source.chunks()).collect();
    let wave = source.wave(rayon::current_num_threads()).max(1);
    each_of(source, &chunks, wave, each)
}

/// Calls `each` with every equiv of some chunks, of which `wave` are read at a time.
pub(super) fn each_of<E: From<EngineError>>(
    source: &dyn ChunkedInput,
    chunks: &[usize],
    wave: usize,
    each: &mut dyn FnMut(Equiv) -> Result<(), E>,
) -> Result<(), E> {
    for wave in chunks.chunks(wave) {
        let equivs: Result<Vec<_>, EngineError> = wave
            .par_iter()
            .with_max_len(1)
            .map(|&chunk| source.equivs(chunk))
            .collect();
        equivs?.into_iter().flatten().try_for_each(&mut *each)?;
    }
    Ok(())
}
