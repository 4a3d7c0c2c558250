//! One self-contained HTML page a run.
//!
//! A [`Report`] is a headline, a few key numbers and sections of blocks; it knows nothing of clusters, so every
//! experiment fills it with what it has. The page needs no network, no script and no other file: figures are inline
//! SVG, maps are PNG in base64.

use crate::plot::Figure;
use crate::statistics::Score;
use crate::{Error, write_atomic};
use base64::Engine;
use serde::Serialize;
use std::path::Path;

const TEMPLATE: &str = include_str!("../templates/report.html");

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// One or two sentences below the title: what was done and what came out.
    pub summary: String,
    /// Small print above the title, e.g. `deepsz - quick - seed 1`.
    pub kicker: String,
    /// The few numbers that a reader should see first.
    pub headlines: Vec<Headline>,
    /// The sections, in reading order.
    pub sections: Vec<Section>,
    /// Small print at the end: program, version, command.
    pub footer: String,
}

/// One number that a reader should see first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Headline {
    /// What it is.
    pub label: String,
    /// The number, formatted.
    pub value: String,
    /// Error, count or comparison in small print; may be empty.
    pub note: String,
}

impl Headline {
    /// A score with its error and count in small print.
    pub fn of_score(label: impl Into<String>, score: &Score) -> Self {
        let shown = format_score(score);
        let (value, error) = shown.split_once(" ± ").unwrap_or((&shown, ""));
        let note = match error {
            "" => format!("{} counted", score.count),
            error => format!("± {error}, {} counted", score.count),
        };
        Self { label: label.into(), value: value.to_owned(), note }
    }
}

/// A titled part of the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// Title.
    pub title: String,
    /// What stands in it, in reading order.
    pub blocks: Vec<Block>,
}

/// One piece of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Block {
    /// A paragraph of plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A list of remarks.
    Notes {
        /// One remark each.
        items: Vec<String>,
    },
    /// Text in fixed width: a command or a configuration.
    Code {
        /// The text.
        text: String,
    },
    /// A configuration or other long text that starts folded.
    Folded {
        /// What the reader clicks on.
        title: String,
        /// The text in fixed width.
        text: String,
    },
    /// A table.
    Table(Table),
    /// A plot.
    Figure {
        /// Inline SVG.
        svg: String,
        /// What is seen.
        caption: String,
    },
    /// A picture in pixels.
    Image {
        /// PNG in base64.
        png_base64: String,
        /// What is seen.
        caption: String,
        /// How much of the page's width it may take.
        width: ImageWidth,
    },
}

/// How much of the page's width a picture may take; on a phone all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageWidth {
    /// All of it.
    Full,
    /// Half of it, so that two stand side by side.
    Half,
}

/// A table; the first column is text, the others are numbers set right.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Column titles.
    pub columns: Vec<String>,
    /// Cells by row.
    pub rows: Vec<Vec<String>>,
}

impl Block {
    /// A paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Block::Text { text: text.into() }
    }

    /// Text in fixed width.
    pub fn code(text: impl Into<String>) -> Self {
        Block::Code { text: text.into() }
    }

    /// A plot with its caption.
    pub fn figure(figure: &Figure, caption: impl Into<String>) -> Self {
        Block::Figure { svg: figure.inline_svg(), caption: caption.into() }
    }

    /// A PNG file with its caption, as wide as the page allows.
    pub fn image(png: &[u8], caption: impl Into<String>) -> Self {
        Self::image_of_width(png, caption, ImageWidth::Full)
    }

    /// A PNG file with its caption, of which two stand side by side.
    pub fn half_image(png: &[u8], caption: impl Into<String>) -> Self {
        Self::image_of_width(png, caption, ImageWidth::Half)
    }

    fn image_of_width(png: &[u8], caption: impl Into<String>, width: ImageWidth) -> Self {
        let png_base64 = base64::engine::general_purpose::STANDARD.encode(png);
        Block::Image { png_base64, caption: caption.into(), width }
    }
}

/// One row of a table of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// What the score is.
    pub label: String,
    /// Ours.
    pub score: Score,
    /// The published value, as text with its error.
    pub published: Option<String>,
}

impl Table {
    /// Scores with error and count, beside published values where any row has one.
    pub fn of_scores(caption: impl Into<String>, rows: &[ScoreRow]) -> Self {
        let with_published = rows.iter().any(|row| row.published.is_some());
        let mut columns = vec!["score".to_owned(), "value".to_owned(), "counted".to_owned()];
        if with_published {
            columns.push("published".to_owned());
        }
        let cells = |row: &ScoreRow| {
            let mut cells = vec![row.label.clone(), format_score(&row.score), row.score.count.to_string()];
            if with_published {
                cells.push(row.published.clone().unwrap_or_else(|| "–".to_owned()));
            }
            cells
        };
        Self { caption: caption.into(), columns, rows: rows.iter().map(cells).collect() }
    }
}

/// `0.612 ± 0.014`: the error with two significant digits, the value with as many decimals; a dash without value.
pub fn format_score(score: &Score) -> String {
    match (score.value, score.error) {
        (None, _) => "–".to_owned(),
        (Some(value), Some(error)) if error > 0.0 => {
            let decimals = (1.0 - error.log10().floor()).clamp(0.0, 6.0) as usize;
            format!("{value:.decimals$} ± {error:.decimals$}")
        }
        (Some(value), _) => format!("{value:.3}"),
    }
}

impl Report {
    /// The page as HTML.
    ///
    /// # Errors
    /// [`Error::Template`], which a report of valid text never meets.
    pub fn to_html(&self) -> Result<String, Error> {
        let mut environment = minijinja::Environment::new();
        environment.add_template("report.html", TEMPLATE)?;
        Ok(environment
            .get_template("report.html")?
            .render(minijinja::context! { report => minijinja::value::Serde(self) })?)
    }

    /// Writes the page, atomically.
    ///
    /// # Errors
    /// [`Error::Template`] or [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_atomic(path, self.to_html()?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_show_two_digits_of_their_error() {
        let show = |value, error| format_score(&Score::new(value, error, 1));
        assert_eq!(show(Some(0.61234), Some(0.0143)), "0.612 ± 0.014");
        assert_eq!(show(Some(123.4), Some(25.0)), "123 ± 25");
        assert_eq!(show(Some(1.0), None), "1.000");
        assert_eq!(show(None, None), "–");
    }

    #[test]
    fn page_escapes_text_and_refers_to_nothing_outside() {
        let table = Table { caption: "a".into(), columns: vec!["<b>".into()], rows: vec![vec!["1 < 2".into()]] };
        let blocks = vec![
            Block::text("a <script> & more"),
            Block::Notes { items: vec!["n".into()] },
            Block::code("arcmin find"),
            Block::Folded { title: "config".into(), text: "seed = 1".into() },
            Block::Table(table),
            Block::image(b"png", "a map"),
        ];
        let report = Report {
            title: "Title".into(),
            sections: vec![Section { title: "S".into(), blocks }],
            ..Report::default()
        };
        let html = report.to_html().unwrap();
        assert!(html.contains("a &lt;script&gt; &amp; more") && html.contains("1 &lt; 2"));
        assert!(html.contains("data:image/png;base64,cG5n"));
        for outside in ["http://", "https://", "<script", "<link", "@import", "NaN"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}
