//! The forms of petgraph's graphs: a drawing of a small graph, and a table of edges.
use crate::picture::net::{Edge, Net};
use crate::table::{Grid, Head, TableCell, counted, text::start_of};
use crate::{Render, Rich};
use petgraph::EdgeType;
use petgraph::graph::{Graph, IndexType};
use std::fmt::Debug;

/// Number of characters after which the label of a node or an edge is cut.
const LABEL: usize = 24;

impl<N: Debug, E: Debug, Ty: EdgeType, Ix: IndexType> Render for Graph<N, E, Ty, Ix> {
    fn render(&self) -> Rich {
        let ends = || {
            let edges = self.raw_edges().iter();
            edges.map(|edge| (edge.source().index(), edge.target().index()))
        };
        let net = Net::new(self.is_directed(), self.node_count(), ends().collect());
        let node = |place: usize| &self.raw_nodes()[place].weight as &dyn Debug;
        let edge = |place: usize| &self.raw_edges()[place].weight as &dyn Debug;
        draw(net, &node, &edge)
    }
}

/// Returns the weight of the node or edge with this index.
type Weight<'a> = &'a dyn Fn(usize) -> &'a dyn Debug;

/// Renders a graph. `node` and `edge` return the weights. The function is not generic over the
/// weights, so that a cell that shows a graph compiles little code.
fn draw<'a>(mut net: Net, node: Weight<'a>, edge: Weight<'a>) -> Rich {
    let nodes = net.nodes();
    let caption = format!(
        "{} graph: {}, {}, {}",
        if net.is_directed() {
            "directed"
        } else {
            "undirected"
        },
        counted(nodes, "node", "nodes"),
        counted(net.wires().len(), "edge", "edges"),
        counted(net.components().len(), "component", "components"),
    );
    let grid = edges(&net, &caption, node, edge);
    if !net.is_small() {
        return grid.render();
    }
    let wires = net.wires().len();
    net.label(
        (0..nodes).map(|place| label(node(place))).collect(),
        (0..wires).map(|place| label(edge(place))).collect(),
    );
    let figure = net.figure(&caption);
    Rich::text(grid.to_text()).svg(figure.svg())
}

/// Returns the label of a weight: its debug form without quotes, and nothing for `()`.
fn label(weight: &dyn Debug) -> String {
    let text = start_of(LABEL, |out| write!(out, "{weight:?}"));
    match text.as_str() {
        "()" => String::new(),
        text => text.trim_matches('"').to_owned(),
    }
}

/// Returns the table of edges. A node without a label is named by its index.
fn edges<'a>(net: &Net, caption: &str, node: Weight<'a>, edge: Weight<'a>) -> Grid {
    let name = |place: usize| match label(node(place)) {
        name if name.is_empty() => place.to_string(),
        name => name,
    };
    let wires: &[Edge] = net.wires();
    let row = |place: usize| {
        let (from, to) = wires[place];
        vec![name(from), name(to), label(edge(place))]
    };
    let heads = match net.is_directed() {
        true => ["from", "to", "edge"],
        false => ["node", "node", "edge"],
    };
    let mut grid = Grid::of_list(heads.map(Head::text).to_vec(), wires.len(), row);
    grid.caption = caption.to_owned();
    // If all weights are `()`, the column of weights is left out.
    if grid
        .rows
        .iter()
        .all(|row| row[2] == TableCell::Value(String::new()))
    {
        grid.heads.pop();
        grid.rows.iter_mut().for_each(|row| drop(row.pop()));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::assert_sound_svg;
    use petgraph::graph::{DiGraph, UnGraph};

    #[test]
    fn a_small_graph_is_drawn_and_listed() {
        let mut persons = UnGraph::<&str, ()>::new_undirected();
        let ids = ["ABCDE", "user 3", "<PQRST>", "UVWXY"].map(|id| persons.add_node(id));
        persons.add_edge(ids[0], ids[1], ());
        persons.add_edge(ids[1], ids[2], ());
        let rich = persons.render();
        let text = rich.get("text/plain").unwrap();
        assert_eq!(
            text,
            "undirected graph: 4 nodes, 2 edges, 2 components\n\
             node    node\n\
             ───────────────\n\
             ABCDE   user 3\n\
             user 3  <PQRST>"
        );
        let svg = rich.get("image/svg+xml").unwrap();
        assert_sound_svg(svg);
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(svg.contains("&lt;PQRST&gt;"));
    }

    #[test]
    fn edges_have_a_direction_where_the_graph_has() {
        let graph = DiGraph::<(), i32>::from_edges([(0, 1, 7), (1, 0, 8), (1, 1, 9)]);
        let rich = graph.render();
        let text = rich.get("text/plain").unwrap();
        assert!(
            text.ends_with("from  to  edge\n──────────────\n0     1   7\n1     0   8\n1     1   9"),
            "{text}"
        );
        let svg = rich.get("image/svg+xml").unwrap();
        assert_sound_svg(svg);
        assert!(svg.contains("<polygon") && svg.contains("\n7\n"), "{svg}");
    }

    #[test]
    fn a_large_graph_is_a_table_of_its_edges() {
        let path = (0..10_000u32).map(|n| (n, n + 1));
        let rich = UnGraph::<(), ()>::from_edges(path).render();
        assert_eq!(rich.get("image/svg+xml"), None);
        let text = rich.get("text/plain").unwrap();
        assert!(text.starts_with("undirected graph: 10,001 nodes, 10,000 edges, 1 component\n"));
        assert!(text.contains("⋮ 9,988 rows more"));
    }

    #[test]
    fn a_graph_of_nothing_is_told() {
        let rich = UnGraph::<(), ()>::new_undirected().render();
        assert!(
            rich.get("text/plain")
                .unwrap()
                .starts_with("undirected graph: 0 nodes")
        );
    }
}
