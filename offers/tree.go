package offers

import (
	"iter"
	"slices"
	"strings"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Tree is the tree of roles with the frameworks that are subscribed to them,
// as a [Policy] sees it. Below the root stand the top-level roles; below a role
// stand its sub-roles and one group node, whose children are the clients: the
// frameworks subscribed to exactly that role. So the frameworks of a role
// compete together against its sub-roles (the virtual leaf "role/." of Mesos).
type Tree struct {
	root     *Node
	roles    map[string]*Node
	names    names
	total    vector
	excluded []bool // by number of the name: not counted in shares
	arrivals uint64
	quotas   int // roles with one
}

// Root returns the root of the tree; its allocation is that of the cluster.
func (t *Tree) Root() *Node { return t.root }

// Total returns how much of the named scalar resource all agents have.
func (t *Tree) Total(name string) resources.Scalar { return t.amount(t.total, name) }

// Clients yields every active client, in the order of arrival within a role.
func (t *Tree) Clients() iter.Seq[*Node] {
	return func(yield func(*Node) bool) { t.root.clients(yield) }
}

func (t *Tree) amount(v vector, name string) resources.Scalar {
	return resources.Scalar(v.at(t.names.number(name)))
}

// Kind tells the nodes of the tree apart.
type Kind uint8

// The kinds of nodes.
const (
	KindRole   Kind = iota // a role, or the root
	KindGroup              // the frameworks of a role together
	KindClient             // a framework in a role
)

// Node is a node of the [Tree]. Policies read it; only the allocator changes it.
type Node struct {
	// Data is the policy's own; the allocator never touches it.
	Data any

	// What every decision reads stands together: with thousands of roles its
	// cost is that of reaching memory.
	tree      *Tree
	parent    *Node
	weight    float64
	count     uint64
	active    int // 1 for an active client; above, how many children are active
	kind      Kind
	allocated vector
	consumed  vector      // unreserved and not revocable, offered or used
	few       [2][4]int64 // where allocated and consumed begin
	client    *client     // of a client
	quota     *quota      // of a role; nil for none

	path     string
	children []*Node
	priority int
	arrival  uint64
	group    *Node             // of a role: its group, if it has one
	shared   map[sharedUse]int // uses of shared volumes, each of which counts once

	// Of roles, for quotas (see quota.go).
	reserved  vector // to the role and below, offered and used or not
	need      vector // what guarantees here and below still lack
	childNeed vector // the sum of need of the children
}

// sharedUse names a shared volume of an agent.
type sharedUse struct {
	agent  *agent
	volume string
}

// Kind returns what the node stands for.
func (n *Node) Kind() Kind { return n.kind }

// Path returns the role of a role ("" for the root), the role and "/." for a
// group, and the framework id of a client.
func (n *Node) Path() string { return n.path }

// Parent returns the node above, nil for the root.
func (n *Node) Parent() *Node { return n.parent }

// Children returns the nodes below, in the order of arrival. It must not be
// changed.
func (n *Node) Children() []*Node { return n.children }

// Weight returns the weight of a role; it is 1 where none was set.
func (n *Node) Weight() float64 { return n.weight }

// Priority returns the priority of a role; it is 0 where none was set. Greater
// ones matter more.
func (n *Node) Priority() int { return n.priority }

// Active reports whether the node is, or holds, a client that can be offered
// something: subscribed, connected and not suppressed.
func (n *Node) Active() bool { return n.active > 0 }

// Allocations returns how many offers the clients of the node ever received.
func (n *Node) Allocations() uint64 { return n.count }

// Arrival numbers the nodes in the order in which they came.
func (n *Node) Arrival() uint64 { return n.arrival }

// Framework returns the framework of a client and "" of other nodes.
func (n *Node) Framework() proffer.FrameworkID {
	if n.client == nil {
		return ""
	}
	return n.client.framework.id
}

// Role returns the role of a client or group, and the path of a role.
func (n *Node) Role() string {
	switch n.kind {
	case KindClient:
		return n.parent.parent.path
	case KindGroup:
		return n.parent.path
	default:
		return n.path
	}
}

// Allocated returns how much of the named scalar resource is offered to or
// used by the clients of the node.
func (n *Node) Allocated(name string) resources.Scalar { return n.tree.amount(n.allocated, name) }

// DominantShare returns the greatest part, 0 to 1, that the node has of any
// scalar resource of the cluster, divided by the node's weight. Resources that
// are excluded from fairness do not count. (Ghodsi et al., Dominant Resource
// Fairness, NSDI'11; summed over the subtree as Mesos does.)
func (n *Node) DominantShare() float64 {
	t := n.tree
	share := 0.0
	for i, x := range n.allocated {
		if x == 0 || i >= len(t.total) || t.total[i] == 0 || (i < len(t.excluded) && t.excluded[i]) {
			continue
		}
		if s := float64(x) / float64(t.total[i]); s > share {
			share = s
		}
	}
	return share / n.weight
}

func (n *Node) clients(yield func(*Node) bool) bool {
	if n.kind == KindClient {
		return n.active == 0 || yield(n)
	}
	for _, c := range n.children {
		if c.active > 0 && !c.clients(yield) {
			return false
		}
	}
	return true
}

func newTree() *Tree {
	t := &Tree{roles: make(map[string]*Node)}
	t.root = &Node{tree: t, kind: KindRole, weight: 1}
	return t
}

// role returns the node of the role, made with its ancestors where missing.
func (t *Tree) role(path string) *Node {
	if n, ok := t.roles[path]; ok {
		return n
	}
	parent := t.root
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent = t.role(path[:i])
	}
	n := t.attach(parent, KindRole, path)
	t.roles[path] = n
	return n
}

// addClient makes the node of a framework in a role.
func (t *Tree) addClient(role string, c *client) *Node {
	r := t.role(role)
	if r.group == nil {
		r.group = t.attach(r, KindGroup, role+"/.")
	}
	n := t.attach(r.group, KindClient, string(c.framework.id))
	n.client = c
	return n
}

func (t *Tree) attach(parent *Node, kind Kind, path string) *Node {
	t.arrivals++
	n := &Node{tree: t, kind: kind, path: path, parent: parent, weight: 1, arrival: t.arrivals}
	n.allocated, n.consumed = n.few[0][:0], n.few[1][:0]
	parent.children = append(parent.children, n)
	return n
}

// detach removes n and then every ancestor that nothing needs any more.
func (t *Tree) detach(n *Node) {
	for n != t.root && n.parent != nil && len(n.children) == 0 && !n.pinned() {
		p := n.parent
		p.children = slices.DeleteFunc(p.children, func(c *Node) bool { return c == n })
		switch n.kind {
		case KindRole:
			delete(t.roles, n.path)
		case KindGroup:
			p.group = nil
		case KindClient:
		}
		n.parent = nil
		n = p
	}
}

// pinned reports whether the role stays when nobody is in it.
func (n *Node) pinned() bool {
	return n.weight != 1 || n.priority != 0 || n.quota != nil || n.reserved.some()
}

// setActive makes a client active or not, and with it the nodes above.
func (n *Node) setActive(active bool) bool {
	if (n.active > 0) == active {
		return false
	}
	for m := n; m != nil; m = m.parent {
		before := m.active > 0
		if active {
			m.active++
		} else {
			m.active--
		}
		if before == (m.active > 0) {
			break
		}
	}
	return true
}

// charge adds what an offer holds to the node and its ancestors, as one more
// allocation: all of it counts for shares, what is plain (unreserved and not
// revocable) for quotas.
func (n *Node) charge(all, plain vector) {
	for m := n; m != nil; m = m.parent {
		m.allocated.add(all)
		m.consumed.add(plain)
		m.count++
	}
	n.tree.consumedChanged(n)
}

// uncount takes one allocation off the count: what was charged is no new one.
func (n *Node) uncount() {
	for m := n; m != nil; m = m.parent {
		m.count--
	}
}

// credit is the inverse of charge; the count of allocations stays.
func (n *Node) credit(all, plain vector) {
	for m := n; m != nil; m = m.parent {
		m.allocated.sub(all)
		m.consumed.sub(plain)
	}
	n.tree.consumedChanged(n)
}

// share counts uses of a shared volume of this size, which may be negative.
func (n *Node) share(use sharedUse, uses int, size vector) {
	for m := n; m != nil; m = m.parent {
		if m.shared == nil {
			m.shared = make(map[sharedUse]int)
		}
		before := m.shared[use]
		after := before + uses
		m.shared[use] = after
		switch {
		case before == 0 && after > 0:
			m.allocated.add(size)
		case after == 0:
			m.allocated.sub(size)
			delete(m.shared, use)
		}
	}
}
