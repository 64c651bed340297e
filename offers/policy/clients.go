package policy

import "github.com/proffer-go/proffer/offers"

// clientsBelow appends all clients below the node, active or not.
func clientsBelow(n *offers.Node, list []*offers.Node) []*offers.Node {
	if n.Kind() == offers.KindClient {
		return append(list, n)
	}
	for _, child := range n.Children() {
		list = clientsBelow(child, list)
	}
	return list
}

// canBeOffered reports whether the client and all roles above it are active.
func canBeOffered(client *offers.Node) bool {
	for n := client; n != nil; n = n.Parent() {
		if !n.Active() {
			return false
		}
	}
	return true
}
