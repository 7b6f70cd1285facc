//! Links between the values of two widgets, which the front end keeps equal by itself.
use super::model::Model;
use super::{Control, registry};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A link between the values of two widgets, made by [`jslink`] or [`jsdlink`].
///
/// It exists until [`unlink`](Link::unlink), even if this handle is dropped.
#[derive(Clone, Debug)]
pub struct Link {
    model: Arc<Model>,
    ends: [Arc<Model>; 2],
}

/// Links two values in both directions: if one of them changes, the other is set to the same value.
/// The front end does this at once, without a message to the kernel.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, IntSlider, jslink};
/// let (here, there) = (IntSlider::new("here", 0..=9), IntSlider::new("there", 0..=9));
/// jslink(&here, &there);
/// here.set(4);
/// assert_eq!(there.get(), 4);
/// ```
pub fn jslink<A: Control, B: Control<Value = A::Value>>(source: &A, target: &B) -> Link {
    Link::new("Link", source.value_model(), target.value_model())
}

/// Links two values in one direction: if `source` changes, `target` is set to the same value.
pub fn jsdlink<A: Control, B: Control<Value = A::Value>>(source: &A, target: &B) -> Link {
    Link::new(
        "DirectionalLink",
        source.value_model(),
        target.value_model(),
    )
}

impl Link {
    /// Creates a link and sends it to the front end.
    fn new(kind: &str, source: &Arc<Model>, target: &Arc<Model>) -> Link {
        let model = Link::between(kind, source, target);
        if model.open() {
            registry::keep(&model);
        }
        let ends = [source.clone(), target.clone()];
        Link { model, ends }
    }

    /// Creates the model of a link, which is not sent yet.
    pub(super) fn between(kind: &str, source: &Arc<Model>, target: &Arc<Model>) -> Arc<Model> {
        let model = Model::new(kind);
        let end = |end: &Model| json!([end.reference(), end.kind.value]);
        model.set("source", end(source));
        model.set("target", end(target));
        model.refer_to([source.clone(), target.clone()]);
        source.links.add(source.kind.value, target);
        if kind == "Link" {
            target.links.add(target.kind.value, source);
        }
        // Set the target to the value of the source, as the front end does with a new link.
        target.follow(target.kind.value, &source.get(source.kind.value));
        model
    }

    /// Removes the link.
    pub fn unlink(&self) {
        let [source, target] = &self.ends;
        source.links.remove(target);
        target.links.remove(source);
        self.model.close();
    }
}

/// The models that are linked to the attributes of a model.
#[derive(Debug, Default)]
pub(super) struct Targets(Mutex<Vec<(&'static str, Weak<Model>)>>);

impl Targets {
    /// Adds a model whose value follows `attribute`.
    fn add(&self, attribute: &'static str, other: &Arc<Model>) {
        let mut targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        targets.push((attribute, Arc::downgrade(other)));
    }

    /// Removes a model.
    fn remove(&self, other: &Arc<Model>) {
        let mut targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        targets.retain(|(_, target)| target.as_ptr() != Arc::as_ptr(other));
    }

    /// Sets the values of the linked models to a new value of `attribute`. A model passes on only a
    /// change, so a circle of links ends when all its values are equal.
    pub fn pass_on(&self, attribute: &str, value: &Value) {
        let targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let linked =
            |(from, target): &(&str, Weak<Model>)| (*from == attribute).then(|| target.upgrade());
        let models: Vec<Arc<Model>> = targets.iter().filter_map(linked).flatten().collect();
        // Unlock before setting values: a model that follows may pass the value on to this one.
        drop(targets);
        for model in models {
            model.follow(model.kind.value, value);
        }
    }
}
