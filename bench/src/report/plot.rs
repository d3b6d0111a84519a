//! Plots.

use crate::peer::Peer;
use crate::results::{Measured, Outcome, Spread};
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use std::error::Error;
use std::io;
use std::path::Path;

/// One that was drawn.
pub(crate) struct Plot {
    pub(crate) group: &'static str,
    pub(crate) title: String,
    pub(crate) file: String,
}

pub(crate) fn draw_all(directory: &Path, outcome: &Outcome) -> io::Result<Vec<Plot>> {
    let mut groups: Vec<&'static str> = Vec::new();
    let mut growing: Vec<&'static str> = Vec::new();
    for Measured { work, .. } in &outcome.measured {
        let (list, name) =
            if work.among.is_none() { (&mut groups, work.group) } else { (&mut growing, work.title) };
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let works = |wanted: &dyn Fn(&Measured) -> bool| -> Vec<&Measured> {
        outcome.measured.iter().filter(|measured| wanted(measured)).collect()
    };
    let mut plots = Vec::new();
    for group in groups {
        let works = works(&|measured| measured.work.group == group && measured.work.among.is_none());
        let plot = Plot { group, title: format!("{group}: time of one, by peer"), file: file_name(group) };
        draw(directory, &plot, 110 + 46 * works.len() as u32, |area| dots(area, &plot.title, &works))?;
        plots.push(plot);
    }
    for title in growing {
        let works = works(&|measured| measured.work.title == title);
        let plot = Plot { group: works[0].work.group, title: title.to_owned(), file: file_name(title) };
        draw(directory, &plot, 420, |area| lines(area, &plot.title, &works))?;
        plots.push(plot);
    }
    Ok(plots)
}

fn file_name(title: &str) -> String {
    let plain: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-") + ".svg"
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

fn draw(directory: &Path, plot: &Plot, height: u32, with: impl FnOnce(&Area<'_>) -> Drawn) -> io::Result<()> {
    let path = directory.join(&plot.file);
    let area = SVGBackend::new(&path, (960, height)).into_drawing_area();
    area.fill(&WHITE).map_err(io::Error::other)?;
    with(&area).map_err(|error| io::Error::other(error.to_string()))?;
    area.present().map_err(io::Error::other)
}

/// A line for each work, a dot for each peer's median, with its middle half.
fn dots(area: &Area<'_>, title: &str, works: &[&Measured]) -> Drawn {
    let (least, most) = extent(works);
    let unit = works[0].work.unit;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(340)
        .build_cartesian_2d((least..most).log_scale(), -0.5..works.len() as f64 - 0.5)?;
    let label = |y: &f64| {
        // The first work is at the top.
        let index = works.len() - 1 - (y.round().max(0.0) as usize).min(works.len() - 1);
        works[index].work.to_string()
    };
    chart
        .configure_mesh()
        .y_labels(works.len())
        .y_label_formatter(&label)
        .x_label_formatter(&|x| unit.of(*x))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for peer in present(works) {
        let colour = colour(peer);
        let marks = works.iter().enumerate().filter_map(|(index, measured)| {
            Some(((works.len() - 1 - index) as f64, Spread::of(measured.samples(peer)?.iter().copied())))
        });
        let marks: Vec<_> = marks.collect();
        chart.draw_series(marks.iter().map(|(y, spread)| {
            PathElement::new(vec![(spread.low, *y), (spread.high, *y)], colour.stroke_width(2))
        }))?;
        chart
            .draw_series(
                marks.iter().map(|(y, spread)| Circle::new((spread.median, *y), 4, colour.filled())),
            )?
            .label(peer.to_string())
            .legend(move |(x, y)| Circle::new((x + 8, y), 4, colour.filled()));
    }
    legend(&mut chart)
}

/// A curve for each peer over what grows.
fn lines(area: &Area<'_>, title: &str, works: &[&Measured]) -> Drawn {
    let (least, most) = extent(works);
    let unit = works[0].work.unit;
    let counts = || works.iter().filter_map(|measured| measured.work.among);
    let what = counts().next().map_or("", |(what, _)| what);
    let (first, last) =
        counts().fold((u64::MAX, 1), |(first, last), (_, count)| (first.min(count), last.max(count)));
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d((first as f64..last as f64 + 1.0).log_scale(), (least..most).log_scale())?;
    chart
        .configure_mesh()
        .x_desc(what)
        .y_label_formatter(&|y| unit.of(*y))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for peer in present(works) {
        let colour = colour(peer);
        let points = works.iter().filter_map(|measured| {
            let (_, count) = measured.work.among?;
            Some((count as f64, Spread::of(measured.samples(peer)?.iter().copied()).median))
        });
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
            .label(peer.to_string())
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    legend(&mut chart)
}

fn legend<'a, X: Ranged, Y: Ranged>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
) -> Drawn {
    let mut labels = chart.configure_series_labels();
    labels.position(SeriesLabelPosition::UpperRight);
    Ok(labels.background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.2)).draw()?)
}

fn colour(peer: Peer) -> RGBColor {
    let (red, green, blue) = peer.colour();
    RGBColor(red, green, blue)
}

/// All that took part.
fn present(works: &[&Measured]) -> impl Iterator<Item = Peer> {
    Peer::ALL.into_iter().filter(|peer| works.iter().any(|measured| measured.samples(*peer).is_some()))
}

/// From the shortest time to the longest, with room at both sides.
fn extent(works: &[&Measured]) -> (f64, f64) {
    let times = works.iter().flat_map(|measured| {
        measured.entrants.iter().map(|(_, samples)| Spread::of(samples.iter().copied()).median)
    });
    let (least, most) =
        times.fold((f64::INFINITY, 0.0_f64), |(least, most), time| (least.min(time), most.max(time)));
    (least * 0.6, most * 6.0)
}
