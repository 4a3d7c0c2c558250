//! Reads the golden tables and compares.

/// A CSV table whose first line is a comment on its origin and whose second names the columns.
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<&'static str>>,
}

/// One row of a table.
pub(crate) struct Row<'a> {
    table: &'a Table,
    fields: &'a [&'static str],
}

impl Table {
    pub(crate) fn parse(text: &'static str) -> Self {
        let mut lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(',').collect());
        let columns = lines.next().expect("a golden table names its columns");
        Self { columns, rows: lines.collect() }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        assert!(!self.rows.is_empty(), "a golden table has rows");
        self.rows.iter().map(|fields| Row { table: self, fields })
    }
}

impl Row<'_> {
    pub(crate) fn text(&self, column: &str) -> &'static str {
        let position = self.table.columns.iter().position(|name| *name == column);
        self.fields[position.unwrap_or_else(|| panic!("no column {column}"))]
    }

    pub(crate) fn number(&self, column: &str) -> f64 {
        self.text(column).parse().unwrap_or_else(|_| panic!("{column} reads {}", self.text(column)))
    }

    /// Asserts that `got` is what the table says, within a relative tolerance.
    #[track_caller]
    pub(crate) fn check(&self, column: &str, got: f64, relative: f64) {
        self.check_with(column, got, relative, 0.0);
    }

    /// The same with an absolute tolerance besides, for numbers that pass through zero.
    #[track_caller]
    pub(crate) fn check_with(&self, column: &str, got: f64, relative: f64, absolute: f64) {
        let expected = self.number(column);
        let allowed = relative * expected.abs() + absolute;
        assert!(
            (got - expected).abs() <= allowed,
            "{column}: got {got:e}, expected {expected:e}, off by {:.2e}, allowed {allowed:.2e}, in row {}",
            got - expected,
            self.fields.join(",")
        );
    }
}
