//! `modules`: the parts of Python's library that templates may use.
//!
//! In: nothing. Out: the object `modules`.
//! Knows nothing of a render.

use minijinja::value::Tuple;
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Group};
use super::{dates, group, regex};
use crate::jinja::error::bad_call;
use crate::jinja::values::List;

/// The object `modules`.
pub fn modules() -> Value {
    group(
        "modules",
        vec![
            ("datetime", dates::datetime()),
            ("pytz", dates::pytz()),
            ("re", regex::re()),
            ("itertools", itertools()),
        ],
    )
}

/// `modules.itertools`: those of its functions that end. What they give is a list.
fn itertools() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("chain", chain),
        ("product", product),
        ("permutations", |_, args| {
            arranged(args, Choice::Permutation)
        }),
        ("combinations", |_, args| {
            arranged(args, Choice::Combination)
        }),
        ("combinations_with_replacement", |_, args| {
            arranged(args, Choice::WithReplacement)
        }),
        ("zip_longest", zip_longest),
        ("accumulate", accumulate),
        ("islice", islice),
        ("repeat", repeat),
        ("compress", compress),
    ];
    Group {
        name: "itertools",
        attributes: Vec::new(),
        methods: METHODS,
        call: None,
    }
    .into()
}

fn items(value: &Value) -> Result<Vec<Value>, Error> {
    Ok(value.try_iter()?.collect())
}

fn tuple(values: Vec<Value>) -> Value {
    Value::from(Tuple::from(values))
}

fn chain(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let mut all = Vec::new();
    for list in args.rest() {
        all.extend(items(&list)?);
    }
    args.done()?;
    Ok(List::of(all))
}

fn product(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let times = match args.keyword("repeat") {
        Some(times) => usize::try_from(times)?,
        None => 1,
    };
    let lists: Vec<Vec<Value>> = args.rest().iter().map(items).collect::<Result<_, _>>()?;
    args.done()?;
    let mut rows = vec![Vec::new()];
    for list in std::iter::repeat_n(&lists, times).flatten() {
        rows = rows
            .iter()
            .flat_map(|row| {
                list.iter()
                    .map(|item| [row.as_slice(), std::slice::from_ref(item)].concat())
            })
            .collect();
    }
    Ok(List::of(rows.into_iter().map(tuple).collect()))
}

#[derive(Clone, Copy, PartialEq)]
enum Choice {
    Permutation,
    Combination,
    WithReplacement,
}

fn arranged(mut args: Args, choice: Choice) -> Result<Value, Error> {
    let list = items(&args.required("iterable")?)?;
    let length = match args.optional("r").filter(|length| !length.is_none()) {
        Some(length) => usize::try_from(length)?,
        None if choice == Choice::Permutation => list.len(),
        None => return Err(bad_call("how many of them? give `r`")),
    };
    args.done()?;
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..length {
        rows = rows
            .iter()
            .flat_map(|row| {
                let from = match choice {
                    Choice::Permutation => 0,
                    Choice::Combination => row.last().map_or(0, |last| last + 1),
                    Choice::WithReplacement => row.last().copied().unwrap_or(0),
                };
                let free = move |at: &usize| choice != Choice::Permutation || !row.contains(at);
                (from..list.len())
                    .filter(free)
                    .map(|at| [row.as_slice(), &[at]].concat())
            })
            .collect();
    }
    let pick = |row: Vec<usize>| tuple(row.iter().map(|&at| list[at].clone()).collect());
    Ok(List::of(rows.into_iter().map(pick).collect()))
}

fn zip_longest(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let fill = args.keyword("fillvalue").unwrap_or(Value::from(()));
    let lists: Vec<Vec<Value>> = args.rest().iter().map(items).collect::<Result<_, _>>()?;
    args.done()?;
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| {
        let cells = lists
            .iter()
            .map(|list| list.get(at).unwrap_or(&fill).clone());
        tuple(cells.collect())
    };
    Ok(List::of((0..longest).map(row).collect()))
}

fn accumulate(state: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let list = items(&args.required("iterable")?)?;
    let function = args.optional("func").filter(|function| !function.is_none());
    args.done()?;
    let env = state.env();
    let sum = env.compile_expression("a + b")?;
    let mut made: Vec<Value> = Vec::new();
    for item in list {
        let next = match (made.last().cloned(), &function) {
            (None, _) => item,
            (Some(last), Some(function)) => function.call(state, &[last, item])?,
            (Some(last), None) => sum.eval(Value::from_pairs([("a", last), ("b", item)]))?,
        };
        made.push(next);
    }
    Ok(List::of(made))
}

fn islice(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let list = items(&args.required("iterable")?)?;
    let numbers: Vec<Option<usize>> = args.rest().iter().map(Value::as_usize).collect();
    args.done()?;
    let (start, stop, step) = match numbers.as_slice() {
        [stop] => (None, *stop, None),
        [start, stop] => (*start, *stop, None),
        [start, stop, step] => (*start, *stop, *step),
        _ => return Err(bad_call("`islice` wants where to stop")),
    };
    let kept = list
        .into_iter()
        .take(stop.unwrap_or(usize::MAX))
        .skip(start.unwrap_or(0))
        .step_by(step.unwrap_or(1).max(1));
    Ok(List::of(kept.collect()))
}

fn repeat(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let item = args.required("object")?;
    let times = usize::try_from(args.required("times")?)?;
    args.done()?;
    Ok(List::of(vec![item; times]))
}

fn compress(_: &mut State<'_, '_>, mut args: Args) -> Result<Value, Error> {
    let data = items(&args.required("data")?)?;
    let selectors = items(&args.required("selectors")?)?;
    args.done()?;
    let kept = data.into_iter().zip(selectors);
    let kept = kept.filter_map(|(item, wanted)| wanted.is_true().then_some(item));
    Ok(List::of(kept.collect()))
}

#[cfg(test)]
mod tests {
    use crate::jinja::testing::text;

    #[test]
    fn itertools_give_lists_of_tuples() {
        let model = "{% set i = modules.itertools %}{{ i.chain([1], [2]) }} {{ i.product('ab', [1, 2]) }} \
            {{ i.permutations([1, 2, 3], 2) | length }} {{ i.combinations([1, 2, 3], 2) }} {{ i.zip_longest([1], [2, 3]) }} \
            {{ i.accumulate([1, 2, 3]) }} {{ i.islice([1, 2, 3, 4], 1, 3) }}";
        assert_eq!(
            text("", model),
            "[1, 2] [('a', 1), ('a', 2), ('b', 1), ('b', 2)] 6 [(1, 2), (1, 3), (2, 3)] [(1, 2), (None, 3)] [1, 3, 6] [2, 3]"
        );
    }
}
