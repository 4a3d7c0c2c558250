//! Pictures show what they should, and empty or odd input makes an empty picture or an error.

use arcmin_eval::plot::{PlaneStyle, PublishedCurve, ScoreBars, Step};
use arcmin_eval::recovery::RecoverySample;
use arcmin_eval::{
    ColourRange, ColourScale, FigureOptions, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape, PlaneAxis,
    STRONGEST_KEPT, Score, ScoreConfig, SelectionPlane, ThresholdSweep, finder_figures, plot, score_finder,
    strongest_detections,
};
use arcmin_maps::{Geometry, Shape};
use arcmin_units::{Arcmin, SkyPosition};

mod fake;

const MASKED: [u8; 3] = [196, 200, 204];

fn geometry(ny: usize, nx: usize) -> Geometry {
    let centre = SkyPosition::from_deg(0.0, -55.0).unwrap();
    Geometry::tile(centre, Shape { ny, nx }, Arcmin::new(1.0)).unwrap()
}

fn grey(max_side_px: usize) -> MapStyle {
    let range = ColourRange::Fixed { low: 0.0, high: 1.0 };
    MapStyle { range, scale: ColourScale::Grey, max_side_px, ..MapStyle::default() }
}

/// Width, height and RGBA bytes of a PNG file.
fn decode(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (frame.width as usize, frame.height as usize, pixels)
}

fn count_colour(pixels: &[u8], colour: [u8; 3]) -> usize {
    pixels.chunks_exact(4).filter(|pixel| pixel[..3] == colour).count()
}

#[test]
fn first_row_is_at_the_bottom_and_masked_pixels_are_grey() {
    let geometry = geometry(10, 10);
    let pixels: Vec<f32> = (0..100).map(|idx| if idx < 50 { 0.0 } else { 1.0 }).collect();
    let valid: Vec<bool> = (0..100).map(|idx| idx % 10 != 0).collect();
    let map = MapPixels { geometry: &geometry, pixels: &pixels, valid: Some(&valid) };
    let image = MapImage::draw(&map, &grey(100), &[]).unwrap();
    let (width, height, rgba) = decode(image.png());
    assert!(width > 100 && height > 100);
    let masked = count_colour(&rgba, MASKED);
    assert!((800..=1000).contains(&masked), "a tenth of 100 x 100, less the frame: {masked}");
    let row_of = |colour: [u8; 3]| {
        let column = 84 + 50;
        let at = |y: &usize| rgba[(y * width + column) * 4..][..3] == colour;
        let rows: Vec<usize> = (44..144).filter(at).collect();
        rows.iter().sum::<usize>() as f64 / rows.len() as f64
    };
    assert!(row_of([0, 0, 0]) > row_of([255, 255, 255]), "the first rows (black) lie below the last (white)");
}

#[test]
fn marks_off_the_map_are_left_out() {
    let geometry = geometry(40, 40);
    let pixels = vec![0.5; 1600];
    let map = MapPixels { geometry: &geometry, pixels: &pixels, valid: None };
    let mark = |lat_deg| Mark { position: SkyPosition::from_deg(0.0, lat_deg).unwrap(), label: Some("A".to_owned()) };
    let set = |marks| MarkSet {
        legend: "marks".to_owned(),
        shape: MarkShape::Square,
        colour: "#ff0000".to_owned(),
        radius_px: 20.0,
        marks,
    };
    let red = |marks| {
        let image = MapImage::draw(&map, &grey(400), &[set(marks)]).unwrap();
        count_colour(&decode(image.png()).2, [255, 0, 0])
    };
    let in_legend_alone = red(vec![mark(-50.0), mark(55.0)]);
    assert!(red(vec![mark(-55.0)]) > in_legend_alone + 100);
}

#[test]
fn constant_empty_and_tiny_maps_are_drawn() {
    for (ny, nx, value, max_side_px) in [(1, 1, 0.0, 1), (3, 200, 7.0, 50), (8, 8, f32::NAN, 64)] {
        let geometry = geometry(ny, nx);
        let pixels = vec![value; ny * nx];
        let map = MapPixels { geometry: &geometry, pixels: &pixels, valid: None };
        for range in [
            ColourRange::Percentile { low: 1.0, high: 99.0 },
            ColourRange::Symmetric { percentile: 99.0 },
            ColourRange::Fixed { low: f64::NAN, high: 1.0 },
        ] {
            let style = MapStyle { range, max_side_px, ..MapStyle::default() };
            assert!(!MapImage::draw(&map, &style, &[]).unwrap().png().is_empty(), "{ny} x {nx} of {value}, {range:?}");
        }
    }
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let geometry = geometry(4, 4);
    let map = MapPixels { geometry: &geometry, pixels: &[0.0; 15], valid: None };
    assert!(MapImage::draw(&map, &MapStyle::default(), &[]).unwrap_err().to_string().contains("15 pixels"));
    let map = MapPixels { geometry: &geometry, pixels: &[0.0; 16], valid: Some(&[true; 3]) };
    assert!(MapImage::draw(&map, &MapStyle::default(), &[]).is_err());
    let map = MapPixels { geometry: &geometry, pixels: &[0.0; 16], valid: None };
    assert!(MapImage::draw(&map, &grey(0), &[]).unwrap_err().to_string().contains("max_side_px"));
}

#[test]
fn plots_of_nothing_have_axes_and_no_nan() {
    let drawn = [
        plot::scores_vs_threshold(&ThresholdSweep::new(&[]), 5.0, "S/N").unwrap(),
        plot::false_rate_vs_threshold(&ThresholdSweep::new(&[]), 0.0, 5.0, "S/N").unwrap(),
        plot::completeness_vs_mass(&[], 2e14, None).unwrap(),
        plot::completeness_vs_redshift(&[], 0.25, None).unwrap(),
        plot::recovered_vs_injected(&[]).unwrap(),
        plot::recovery_vs_snr(&[], "S/N").unwrap(),
        plot::offset_histogram(&[], 1.0).unwrap(),
        plot::lines(&[], "epoch", "loss").unwrap(),
        plot::cutout_scores_vs_threshold(&[], &no_bars(), 5.0, None, "S/N").unwrap(),
        plot::score_by_step(&[], "ours", "theirs", "F1").unwrap(),
        plot::completeness_vs_false_rate(&[]).unwrap(),
    ];
    for figure in drawn {
        assert!(figure.svg().starts_with("<svg viewBox=") && !figure.svg().contains("NaN"), "{}", figure.svg());
        assert!(!figure.png().is_empty());
    }
}

fn no_bars() -> ScoreBars {
    ScoreBars { edges: Vec::new(), positives: Vec::new(), negatives: Vec::new() }
}

#[test]
fn steps_without_value_and_planes_without_haloes_are_drawn() {
    let step = |value, published| Step { name: "+ kSZ".to_owned(), score: Score::new(value, None, 1), published };
    let steps = [step(Some(0.7), Some(0.6)), step(None, None), step(Some(0.5), None)];
    let figure = plot::score_by_step(&steps, "ours", "theirs", "F1").unwrap();
    assert!(figure.svg().contains("+ kSZ") && !figure.svg().contains("NaN"));

    let tiles = [fake::FakeFinder::default().summary(0)];
    let style = PlaneStyle { x_label: "z".into(), y_label: "M".into(), y_guide: 2e14, least_haloes: 3 };
    let mass = PlaneAxis { name: "mass", edges: vec![1e14, 2e14, 1e16], value: &|halo| halo.mvir_msun };
    let redshift = PlaneAxis { name: "redshift", edges: vec![0.0, 1.0, 2.0], value: &|halo| halo.redshift };
    for tiles in [&tiles[..], &[]] {
        let plane = SelectionPlane::new(tiles, 5.0, &redshift, &mass).unwrap();
        let figure = plot::selection_plane(&plane, &style).unwrap();
        // Targets of the fake sky lie in the two upper cells.
        assert!(figure.svg().contains("80–100 %") && !figure.svg().contains("NaN"));
    }
}

#[test]
fn published_curves_stand_beside_ours_and_begin_where_ours_does() {
    let curve = PublishedCurve { name: "paper".into(), edges: vec![0.5, 1.0, 2.0, 4.0], values: vec![0.1, 0.5, 0.9] };
    assert_eq!((curve.above(0.7).edges, curve.above(0.7).values), (vec![1.0, 2.0, 4.0], vec![0.5, 0.9]));
    assert_eq!(curve.above(0.5), curve);
    let figure = plot::completeness_vs_redshift(&[], 0.25, Some(&curve)).unwrap();
    assert!(figure.svg().contains("paper"));
}

#[test]
fn odd_samples_do_not_break_the_plots() {
    let at = |recovered_y| RecoverySample { snr: 5.0, injected_y: 1e-4, recovered_y };
    let figure = plot::recovered_vs_injected(&[at(-1e-5), at(0.0), at(1e-4)]).unwrap();
    assert!(!figure.svg().contains("NaN") && !figure.svg().contains("inf"));
    let one = plot::lines(&[plot::Curve { name: "one".into(), points: vec![(1.0, 1.0)] }], "x", "y").unwrap();
    assert!(!one.svg().contains("NaN"));
}

#[test]
fn figures_of_a_finder_are_drawn_with_and_without_detections() {
    let finder = fake::FakeFinder::default();
    let blind = fake::FakeFinder { completeness: 0.0, false_per_deg2: 0.0, ..finder };
    let empty_sky = fake::FakeFinder { targets_per_deg2: 0.0, ..finder };
    let config = ScoreConfig { bootstrap_replicates: 10, ..ScoreConfig::default() };
    let validation = [finder.summary(0)];
    for test in [vec![finder.summary(1)], vec![blind.summary(1)], vec![empty_sky.summary(1)], vec![]] {
        let scores = score_finder(&validation, &test, &config).unwrap();
        let figures = finder_figures(&test, &scores, &FigureOptions::default()).unwrap();
        assert!(figures.len() >= 4 && figures.iter().all(|figure| !figure.figure.svg().contains("NaN")));
        let n_detections: usize = test.iter().map(|tile| tile.detections.len()).sum();
        assert_eq!(strongest_detections(&test).rows.len(), n_detections.min(STRONGEST_KEPT));
    }
    ThresholdSweep::new(&[]).for_each_point(|point| panic!("{point:?} of nothing"));
}
