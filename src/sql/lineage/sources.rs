//! The columns that a value is made of.

use super::value::{Origin, Through};

/// Columns with the ways of the value from them, in their order.
///
/// A list and no tree: most values are made of one column, of which a large project has a hundred thousand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<(Origin, Through)>);

impl Sources {
    /// Whether no column goes into the value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns with their ways.
    pub fn iter(&self) -> impl Iterator<Item = (&Origin, &Through)> {
        self.0.iter().map(|(origin, way)| (origin, way))
    }

    /// The columns.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.0.iter().map(|(origin, _)| origin)
    }

    /// The columns with their ways, to change these.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Origin, &mut Through)> {
        self.0.iter_mut().map(|(origin, way)| (&*origin, way))
    }

    /// Takes a column in; its way becomes what `both` makes of it and the way that is known.
    pub(super) fn add(
        &mut self,
        origin: Origin,
        way: Through,
        both: impl FnOnce(&mut Through, Through),
    ) {
        match self.0.binary_search_by(|(known, _)| known.cmp(&origin)) {
            Ok(at) => both(&mut self.0[at].1, way),
            Err(at) => self.0.insert(at, (origin, way)),
        }
    }

    /// Gives back the room that is not needed: for what is kept.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// Of a column that comes twice, the last way counts.
impl FromIterator<(Origin, Through)> for Sources {
    fn from_iter<I: IntoIterator<Item = (Origin, Through)>>(ways: I) -> Self {
        let ways = ways.into_iter();
        let mut sources = Self(Vec::with_capacity(ways.size_hint().0));
        for (origin, way) in ways {
            sources.add(origin, way, |known, way| *known = way);
        }
        sources
    }
}

impl IntoIterator for Sources {
    type Item = (Origin, Through);
    type IntoIter = std::vec::IntoIter<(Origin, Through)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::{How, merge};
    use super::*;

    fn ways(columns: &[(&str, How)]) -> Sources {
        let ways = columns.iter().map(|(column, how)| {
            let origin = Origin {
                table: "t".into(),
                column: (*column).into(),
            };
            (origin, Through::of(*how))
        });
        ways.collect()
    }

    fn told(sources: &Sources) -> String {
        let ways = sources.iter();
        let told = ways.map(|(origin, way)| format!("{} {}", origin.column, way.how.as_str()));
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn columns_stand_once_and_in_order_however_they_come() {
        let mut all = ways(&[("c", How::Copied), ("a", How::Copied), ("c", How::Renamed)]);
        assert_eq!(told(&all), "a copied, c renamed");
        merge(
            &mut all,
            ways(&[
                ("d", How::Copied),
                ("b", How::Copied),
                ("a", How::Aggregated),
            ]),
        );
        assert_eq!(told(&all), "a aggregated, b copied, c renamed, d copied");
        let mut none = Sources::default();
        merge(&mut none, all.clone());
        assert_eq!(none, all);
    }
}
