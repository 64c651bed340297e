package offers

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// shape is a Shape in one view of the cluster, shared by all demands that want
// the same: it knows which agents may serve one more task of it.
type shape struct {
	stated  Shape
	key     string
	role    string               // whose reservations can serve it
	caps    proffer.Capabilities // of the frameworks that want it
	agents  matcher              // the constraints
	names   *names
	needs   vector              // everything by name, devices summed up
	scalars vector              // those of needs that are scalars
	plain   resources.Resources // the scalars but devices
	counted []counted           // ports and other ranges
	users   int
	unused  bool // among Allocator.unusedShapes
	scratch vector

	// live is false when no agent can serve a task until one has more free.
	live    bool
	waiters []*want // that wait for it to be live again
	index   *index  // nil until it pays
}

// counted is a number of values of ranges or of a set, such as two ports.
type counted struct {
	name   string
	values int
}

// stateShape returns the shape of a demand in the view of a client.
func (a *Allocator) stateShape(c *client, stated Shape) (*shape, error) {
	role := a.tree.view(c.node.parent.parent)
	key := shapeKey(stated, role, c.caps)
	if s, ok := a.shapes[key]; ok {
		s.live = s.live || s.users == 0 // nobody waited, so nobody was told
		s.users++
		return s, nil
	}
	agents, err := stated.Constraints.compile()
	if err != nil {
		return nil, err
	}
	s := &shape{
		stated: stated, key: key, role: role, caps: c.caps, agents: agents,
		names: &a.tree.names, live: true, users: 1,
	}
	var plain []resources.Resource
	for name, amount := range stated.Resources.All() {
		i := a.tree.names.number(name)
		s.needs = s.needs.plus(i, int64(amount))
		if name == resources.Ports || a.counted[i] {
			s.counted = append(s.counted, counted{name, int(amount / resources.Unit)})
			continue
		}
		s.scalars = s.scalars.plus(i, int64(amount))
		plain = append(plain, resources.Resource{Name: name, Scalar: amount})
	}
	if d := stated.Devices; d.Count > 0 {
		i := a.tree.names.number(d.Family)
		s.needs = s.needs.plus(i, int64(d.Each)*int64(d.Count))
		s.scalars = s.scalars.plus(i, int64(d.Each)*int64(d.Count))
	}
	if s.plain, err = resources.New(plain...); err != nil {
		return nil, err
	}
	a.shapes[key] = s
	return s, nil
}

// shapeKey is the same for shapes that the same agents serve.
func shapeKey(s Shape, role string, caps proffer.Capabilities) string {
	key := make([]byte, 0, 128)
	for name, amount := range s.Resources.All() {
		key = append(append(key, name...), ':')
		key = append(strconv.AppendInt(key, int64(amount), 10), ';')
	}
	key = append(append(key, '@'), role...)
	for _, can := range []bool{caps.GPUs, caps.RegionAware, caps.Revocable, caps.SharedVolumes} {
		key = strconv.AppendBool(append(key, ' '), can)
	}
	if s.Devices.Count > 0 || len(s.Constraints) > 0 {
		key = fmt.Appendf(key, " %v %s", s.Devices, s.Constraints)
	}
	return string(key)
}

// view returns the role whose reservations the clients of the role can use:
// itself or the next one above with any. Clients with the same view see the
// same cluster.
func (t *Tree) view(role *Node) string {
	for n := role; n != nil; n = n.parent {
		if n.reserved.some() {
			return role.path
		}
	}
	return ""
}

// maxUnusedShapes is how many shapes are kept that nobody wants just now:
// frameworks that state one task at a time want the same ones again, and what
// is known of the agents for them is dear.
const maxUnusedShapes = 512

// dropShape ends one use of the shape.
func (a *Allocator) dropShape(s *shape) {
	if s.users--; s.users > 0 || s.unused {
		return
	}
	s.unused = true
	a.unusedShapes = append(a.unusedShapes, s)
	if len(a.unusedShapes) > maxUnusedShapes {
		old := a.unusedShapes[0]
		a.unusedShapes = slices.Delete(a.unusedShapes, 0, 1)
		if old.unused = false; old.users == 0 {
			delete(a.shapes, old.key)
			a.forgetIndex(old)
		}
	}
}

// fits reports whether the agent can serve one more task now.
func (s *shape) fits(g *agent) bool {
	if !g.open() {
		return false
	}
	if g.plainOnly {
		if !g.amounts.covers(s.needs) {
			return false
		}
	} else {
		s.scratch = s.names.amounts(g.available.AllocatableTo(s.role).NonRevocable().NonShared(), s.scratch)
		if !s.scratch.covers(s.needs) {
			return false
		}
	}
	return admit(s.caps, g) && s.agents.match(&g.info) && s.devicesFit(g)
}

func (s *shape) devicesFit(g *agent) bool {
	d := s.stated.Devices
	if d.Count == 0 {
		return true
	}
	return d.fitting(g.state.Devices(d.Family)) >= d.Count
}

// fitting returns how many of the devices have room for a part.
func (d Devices) fitting(free []resources.Scalar) int {
	fit := 0
	for _, f := range free {
		if f >= d.Each {
			fit++
		}
	}
	return fit
}

// carve picks the resources of one task from what the agent, which fits, has.
func (a *Allocator) carve(s *shape, g *agent) (resources.Resources, error) {
	if g.plainOnly && len(s.counted) == 0 && s.stated.Devices.Count == 0 {
		return s.plain, nil
	}
	have := g.available
	if !g.plainOnly {
		have = have.AllocatableTo(s.role).NonRevocable().NonShared()
	}
	var special []resources.Resource
	for _, c := range s.counted {
		x := resources.Resource{Name: c.name, Kind: resources.KindRanges, Ranges: firstValues(have.Ranges(c.name), c.values)}
		if len(x.Ranges) == 0 {
			items := have.Set(c.name)
			x.Kind, x.Set = resources.KindSet, items[:min(c.values, len(items))]
		}
		special = append(special, x)
	}
	for _, number := range a.chooseDevices(s, g) {
		name := fmt.Sprintf("%s/%d", s.stated.Devices.Family, number)
		special = append(special, resources.Resource{Name: name, Scalar: s.stated.Devices.Each})
	}
	part, err := resources.New(special...)
	if err != nil {
		return part, err
	}
	if part, err = part.Add(s.plain); err != nil || g.plainOnly {
		return part, err
	}
	found, ok := have.Find(part)
	if !ok {
		return found, fmt.Errorf("%s are not in %s", part, have)
	}
	return found, nil
}

// chooseDevices returns the numbers of the devices for one task: those of the
// agent order if it cares, else those with the least room that is enough;
// without an agent order any that are enough.
func (a *Allocator) chooseDevices(s *shape, g *agent) []int {
	d := s.stated.Devices
	if d.Count == 0 {
		return nil
	}
	free := g.state.Devices(d.Family)
	if by, ok := a.cfg.AgentOrder.(DeviceOrder); ok {
		chosen := by.Devices(&g.state, &s.stated)
		if validChoice(free, chosen, d) {
			return chosen
		}
	}
	var numbers []int
	for i, f := range free {
		if f >= d.Each {
			numbers = append(numbers, i)
		}
	}
	if a.cfg.AgentOrder == nil {
		a.rng.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	} else {
		slices.SortStableFunc(numbers, func(x, y int) int { return int(free[x] - free[y]) })
	}
	return numbers[:d.Count]
}

func validChoice(free []resources.Scalar, chosen []int, d Devices) bool {
	for i, number := range chosen {
		if number < 0 || number >= len(free) || free[number] < d.Each || slices.Contains(chosen[:i], number) {
			return false
		}
	}
	return len(chosen) == d.Count
}

// firstValues returns the n least values.
func firstValues(ranges resources.Ranges, n int) resources.Ranges {
	var first resources.Ranges
	for _, r := range ranges {
		if n == 0 {
			break
		}
		size := int(min(r.End-r.Begin, uint64(n-1))) + 1
		first = append(first, resources.Range{Begin: r.Begin, End: r.Begin + uint64(size) - 1})
		n -= size
	}
	return first
}
