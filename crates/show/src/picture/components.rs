//! The connected components of a graph.

/// Returns the nodes of each connected component, the largest component first. The direction of
/// edges is ignored. Nodes are numbered from 0; an edge is (from, to).
pub fn components(nodes: usize, wires: &[(usize, usize)]) -> Vec<Vec<usize>> {
    // Union-find: each node points towards the root of its component.
    let mut parent: Vec<usize> = (0..nodes).collect();
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    for (from, to) in wires {
        let (a, b) = (root(&mut parent, *from), root(&mut parent, *to));
        parent[a.max(b)] = a.min(b);
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for node in 0..nodes {
        members[root(&mut parent, node)].push(node);
    }
    members.retain(|component| !component.is_empty());
    members.sort_by_key(|component| std::cmp::Reverse(component.len()));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_ignore_direction_and_come_by_size() {
        let wires = [(4, 1), (1, 4), (2, 1), (3, 3)];
        assert_eq!(components(5, &wires), [vec![1, 2, 4], vec![0], vec![3]]);
        assert_eq!(components(0, &[]), Vec::<Vec<usize>>::new());
    }
}
