package master

import (
	"github.com/proffer-go/proffer/internal/crashpoint"
	"github.com/proffer-go/proffer/internal/mastercore"
	"github.com/proffer-go/proffer/internal/protocol"
	"github.com/proffer-go/proffer/scheduler"
)

// The points at which a test kills the program: between what arrives, what is
// written and what is said. See internal/crashpoint.

// hitDecided is where the core has decided and nothing is written.
func hitDecided(batch []input) {
	for i := range batch {
		switch batch[i].call.(type) {
		case *scheduler.AcceptCall, *scheduler.AcceptAllCall:
			crashpoint.Hit("master/launch/decided")
		case *scheduler.AcknowledgeCall:
			crashpoint.Hit("master/acknowledgement/decided")
		case *scheduler.ReconcileCall:
			crashpoint.Hit("master/reconciliation/decided")
		case *scheduler.TeardownCall:
			crashpoint.Hit("master/teardown/decided")
		}
		switch batch[i].message.(type) {
		case *protocol.Register:
			crashpoint.Hit("master/registration/decided")
		case *protocol.StatusUpdate:
			crashpoint.Hit("master/status/decided")
		}
	}
}

// hitRecorded is where it is written, and nobody has been told.
func hitRecorded(e *mastercore.Effect) {
	switch e.Message.(type) {
	case *protocol.RunTasks:
		crashpoint.Hit("master/launch/recorded")
	case *protocol.Acknowledge:
		crashpoint.Hit("master/acknowledgement/recorded")
	case *protocol.Registered:
		crashpoint.Hit("master/registration/recorded")
	case *protocol.ShutdownFramework:
		crashpoint.Hit("master/teardown/recorded")
	}
	switch e.Event.(type) {
	case *scheduler.SubscribedEvent:
		crashpoint.Hit("master/subscription/recorded")
	case *scheduler.UpdateEvent:
		crashpoint.Hit("master/status/recorded")
	}
}

// hitSent is where others have been told.
func hitSent(effects []effect) {
	for i := range effects {
		switch effects[i].Message.(type) {
		case *protocol.RunTasks:
			crashpoint.Hit("master/launch/sent")
		case *protocol.Acknowledge:
			crashpoint.Hit("master/acknowledgement/sent")
		}
		if _, ok := effects[i].Event.(*scheduler.UpdateEvent); ok {
			crashpoint.Hit("master/status/sent")
		}
	}
}
