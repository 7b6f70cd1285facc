//! Two widgets that move together in the front end.
use super::model::Model;
use super::{Control, registry};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A link between the values of two widgets, made by [`jslink`] or [`jsdlink`].
///
/// It holds until [`unlink`](Link::unlink), also when this handle is gone.
#[derive(Clone, Debug)]
pub struct Link {
    model: Arc<Model>,
    ends: [Arc<Model>; 2],
}

/// Links two values both ways: the one follows the other at once, in the front
/// end itself, without asking the kernel.
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

/// Links two values one way: `target` follows `source`.
pub fn jsdlink<A: Control, B: Control<Value = A::Value>>(source: &A, target: &B) -> Link {
    Link::new(
        "DirectionalLink",
        source.value_model(),
        target.value_model(),
    )
}

impl Link {
    fn new(kind: &str, source: &Arc<Model>, target: &Arc<Model>) -> Link {
        let model = Link::between(kind, source, target);
        if model.open() {
            registry::keep(&model);
        }
        let ends = [source.clone(), target.clone()];
        Link { model, ends }
    }

    /// The model of a link, which is not opened yet.
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
        // As the front end does when it hears of the link.
        target.follow(target.kind.value, &source.get(source.kind.value));
        model
    }

    /// Parts the two.
    pub fn unlink(&self) {
        let [source, target] = &self.ends;
        source.links.remove(target);
        target.links.remove(source);
        self.model.close();
    }
}

/// Where a model's attributes go when they change.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<Vec<(&'static str, Weak<Model>)>>);

impl Ends {
    fn add(&self, attribute: &'static str, other: &Arc<Model>) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push((attribute, Arc::downgrade(other)));
    }

    fn remove(&self, other: &Arc<Model>) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.retain(|(_, end)| end.as_ptr() != Arc::as_ptr(other));
    }

    /// Ends when all hold the same, since only a change is passed on.
    pub fn pass_on(&self, attribute: &str, value: &Value) {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let linked =
            |(from, end): &(&str, Weak<Model>)| (*from == attribute).then(|| end.upgrade());
        let models: Vec<Arc<Model>> = ends.iter().filter_map(linked).flatten().collect();
        drop(ends);
        for model in models {
            model.follow(model.kind.value, value);
        }
    }
}
