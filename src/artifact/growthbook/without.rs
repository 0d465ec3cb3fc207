//! A payload without some experiments, where what it was made from is not at hand.

use serde_json::Value;
use std::collections::BTreeSet;

/// The ending of a preview's id, behind the exposure key.
const PREVIEW: &str = ".preview";

/// Takes the rules and the previews out of a payload, one surface's or a bundle's, whose exposure keys are `gone`; says which
/// those were.
pub fn without(payload: &mut Value, gone: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let features = payload.get_mut("features").and_then(Value::as_object_mut);
    for feature in features.into_iter().flat_map(|features| features.values_mut()) {
        let Some(feature) = feature.as_object_mut() else { continue };
        let Some(rules) = feature.get_mut("rules").and_then(Value::as_array_mut) else { continue };
        rules.retain(|rule| {
            let text = |name: &str| rule.get(name).and_then(Value::as_str);
            let key = text("key").or_else(|| text("id").and_then(|id| id.strip_suffix(PREVIEW)));
            let is_gone = key.filter(|key| gone(key));
            found.extend(is_gone.map(str::to_owned));
            is_gone.is_none()
        });
        if rules.is_empty() {
            feature.remove("rules");
        }
    }
    let claims = payload.pointer_mut("/allotment/claims").and_then(Value::as_object_mut);
    claims.into_iter().for_each(|claims| claims.retain(|key, _| !gone(key)));
    found
}
