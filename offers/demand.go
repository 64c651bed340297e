package offers

import (
	"github.com/proffer-go/proffer/resources"
)

// Demand is what a framework waits for: a number of tasks of one shape. A
// framework that states its demand is offered only what serves it, and nothing
// when it wants nothing.
type Demand struct {
	Shape

	// Count is how many tasks of the shape wait.
	Count int

	// PerAgent is how many of them may be offered on one agent at a time; zero
	// means any number.
	PerAgent int

	// Gang means that the tasks are of use only together: offers are made for
	// all of them at once, or for none.
	Gang bool
}

// Shape is what one task needs of an agent.
type Shape struct {
	// Resources are the amounts, of ports and other ranges how many.
	Resources resources.Quantities

	// Devices are needed one by one, such as a part of a GPU.
	Devices Devices

	// Constraints say which agents can serve.
	Constraints Constraints
}

// Devices asks for several devices of one family, or for a part of each. An
// agent has the devices of the family "gpu" as the scalars gpu/0, gpu/1 and so
// on, each of amount 1.
type Devices struct {
	Family string
	Count  int              // how many different devices
	Each   resources.Scalar // how much of each, at most 1
}
