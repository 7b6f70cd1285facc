//! The registry of the models that the front end knows, by their ids.
use super::model::Model;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

/// A model in the registry.
struct Entry {
    model: Weak<Model>,
    /// Keeps a model alive that is on a page, after its last handle was dropped.
    _shown: Option<Arc<Model>>,
}

type Entries = HashMap<String, Entry>;

static ENTRIES: LazyLock<Mutex<Entries>> = LazyLock::new(Mutex::default);

fn entries() -> MutexGuard<'static, Entries> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a model, so that messages for it are delivered as long as it lives.
pub(super) fn enter(model: &Arc<Model>) {
    let entry = Entry {
        model: Arc::downgrade(model),
        _shown: None,
    };
    entries().insert(model.id.clone(), entry);
}

/// Keeps a model on a page alive until it is closed.
pub(super) fn keep(model: &Arc<Model>) {
    let mut entries = entries();
    if let Some(entry) = entries.get_mut(&model.id) {
        entry._shown = Some(model.clone());
    }
}

/// Removes a model.
pub(super) fn leave(id: &str) {
    // The entry is dropped after the lock is released, because it may be the last handle of a
    // model, and dropping a model calls this function again.
    let _removed = entries().remove(id);
}

/// Returns the model with this id; `None` if there is none any more.
pub(super) fn find(id: &str) -> Option<Arc<Model>> {
    entries().get(id)?.model.upgrade()
}

/// Returns all models that the front end knows, in no order.
pub(super) fn all() -> Vec<Arc<Model>> {
    let models = entries();
    let models = models.values().map(|entry| entry.model.upgrade());
    models.flatten().collect()
}
