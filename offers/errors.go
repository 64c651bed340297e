package offers

import "errors"

// The errors that callers tell apart, with errors.Is.
var (
	// ErrUnknownOffer: the offer was never made, or it has been answered,
	// rescinded or has timed out.
	ErrUnknownOffer = errors.New("offers: unknown offer")

	// ErrInsufficient: more is asked for than the offers hold.
	ErrInsufficient = errors.New("offers: insufficient resources")

	// ErrMixedOffers: offers accepted together must be of one agent, one role
	// and one framework, and each named once.
	ErrMixedOffers = errors.New("offers: offers cannot be accepted together")

	// ErrOperation: an operation on resources cannot be carried out.
	ErrOperation = errors.New("offers: invalid operation")

	// ErrUnknownAgent: no agent of that id is there.
	ErrUnknownAgent = errors.New("offers: unknown agent")

	// ErrUnknownFramework: no framework of that id is there.
	ErrUnknownFramework = errors.New("offers: unknown framework")

	// ErrUnknownRole: the framework is not subscribed to that role.
	ErrUnknownRole = errors.New("offers: framework is not subscribed to the role")

	// ErrExists: the agent or framework is there already.
	ErrExists = errors.New("offers: already exists")
)
