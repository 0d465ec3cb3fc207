//! A configuration without some experiments, where what it was made from is not at hand.

use serde_json::Value;
use std::collections::BTreeSet;

/// Takes the allocations and the previews out of a configuration, one surface's or a bundle's, whose exposure keys are `gone`;
/// says which those were.
pub fn without(configuration: &mut Value, gone: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let flags = configuration.get_mut("flags").and_then(Value::as_object_mut);
    for flag in flags.into_iter().flat_map(|flags| flags.values_mut()) {
        let Some(allocations) = flag.get_mut("allocations").and_then(Value::as_array_mut) else { continue };
        allocations.retain(|allocation| {
            let key = allocation.get("key").and_then(Value::as_str).unwrap_or_default();
            // Whom a claim does not own is told in its window, before it; that goes with it.
            let own = ["outside/", "preview/"].into_iter().find_map(|of| key.strip_prefix(of)).unwrap_or(key);
            let is_gone = gone(own);
            if is_gone {
                found.insert(own.to_owned());
            }
            !is_gone
        });
        let splits = allocations.iter().filter_map(|allocation| allocation.get("splits")?.as_array()).flatten();
        let used: BTreeSet<String> =
            splits.filter_map(|split| split.get("variationKey")?.as_str().map(str::to_owned)).collect();
        let variations = flag.get_mut("variations").and_then(Value::as_object_mut);
        variations.into_iter().for_each(|variations| variations.retain(|key, _| used.contains(key)));
    }
    let claims = configuration.pointer_mut("/allotment/claims").and_then(Value::as_object_mut);
    claims.into_iter().for_each(|claims| claims.retain(|key, _| !gone(key)));
    found
}
