package offers

// Shares appends to dst the part, 0 to 1, that the node has of every scalar
// resource of the cluster, without those that are excluded from fairness. The
// order is the same for all nodes of a tree; what is missing at the end is 0.
func (n *Node) Shares(dst []float64) []float64 {
	t := n.tree
	for i, x := range n.allocated {
		if i >= len(t.total) {
			break
		}
		share := 0.0
		if t.total[i] != 0 && (i >= len(t.excluded) || !t.excluded[i]) {
			share = float64(x) / float64(t.total[i])
		}
		dst = append(dst, share)
	}
	return dst
}
