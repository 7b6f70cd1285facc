//! The models that the front end knows, by their ids.
use super::model::Model;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

struct Entry {
    model: Weak<Model>,
    /// What is on a page must live on when its last handle goes.
    _shown: Option<Arc<Model>>,
}

type Entries = HashMap<String, Entry>;

static ENTRIES: LazyLock<Mutex<Entries>> = LazyLock::new(Mutex::default);

fn entries() -> MutexGuard<'static, Entries> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has events for this model find it, for as long as it lives.
pub(super) fn enter(model: &Arc<Model>) {
    let entry = Entry {
        model: Arc::downgrade(model),
        _shown: None,
    };
    entries().insert(model.id.clone(), entry);
}

/// Keeps this model alive until it is closed: it is on a page.
pub(super) fn keep(model: &Arc<Model>) {
    let mut entries = entries();
    if let Some(entry) = entries.get_mut(&model.id) {
        entry._shown = Some(model.clone());
    }
}

pub(super) fn leave(id: &str) {
    // Dropped only after the lock: that may be a model's last handle.
    let _gone = entries().remove(id);
}

/// The model with this id.
pub(super) fn find(id: &str) -> Option<Arc<Model>> {
    entries().get(id)?.model.upgrade()
}

/// Every model that is open, in no order.
pub(super) fn all() -> Vec<Arc<Model>> {
    let models = entries();
    let models = models.values().map(|entry| entry.model.upgrade());
    models.flatten().collect()
}
