package agentcore

import (
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
)

// group is the commands that live and die together.
type group struct {
	members []*command
	culprit string // the first that ended badly, for people
}

// end kills the others when one has ended badly.
func (g *group) end(c *Core, now time.Time, ended *command, s proffer.TaskStatus) {
	if g.culprit != "" {
		return
	}
	g.culprit = fmt.Sprintf("%s %s", ended.task.info.ID, s.State)
	for _, k := range g.members {
		if !k.task.state.Terminal() {
			k.kill(c, now, byGroup, graceOf(k.task.info, nil))
		}
	}
}
