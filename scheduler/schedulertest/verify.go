package schedulertest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/proffer-go/proffer"
)

// Verify returns what has been forgotten, once faults have stopped and
// everything has had the time to settle: a task that neither runs nor has been
// told its end, one that runs on although it has, a status that was not
// acknowledged. Frameworks whose program has ended are not asked about their
// tasks' ends. Nil: nothing, and nothing was violated before, see
// [Cluster.Err].
func (c *Cluster) Verify() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.history == nil {
		return errors.New("schedulertest: nothing was checked: Config.Unchecked is set")
	}
	h := c.history
	known := make(map[proffer.FrameworkID]bool)
	for _, f := range c.programs {
		if f.conn != nil && f.conn.session != nil {
			known[f.conn.session.id] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(h.tasks), func(x, y taskKey) int {
		return cmp.Or(strings.Compare(string(x.framework), string(y.framework)), strings.Compare(string(x.task), string(y.task)))
	})
	for _, key := range keys {
		t := h.tasks[key]
		switch {
		case h.removed[key.framework]:
			if t.runs != nil {
				c.violated("task %v runs on %s, although its framework is gone", key, t.where)
			}
		case (t.final != nil || t.lost) && t.runs != nil:
			c.violated("task %v runs on %s, although its framework was told its end, %s at last", key, t.where, t.latest)
		case !known[key.framework]:
		case t.asked && t.final == nil && !t.lost && t.runs == nil && (t.where != "" || t.latest != proffer.TaskUnknown):
			c.violated("task %v is forgotten: it does not run, and its framework was not told its end but %s at last (started on %q)", key, t.latest, t.where)
		case t.sent > t.acked:
			c.violated("update %d of task %v has not been acknowledged, updates up to %d have", t.sent, key, t.acked)
		}
	}
	return c.violation
}
