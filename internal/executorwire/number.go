package executorwire

// The records without content, and the numbers that go on any.

// NewToAgent returns a record that acknowledges only.
func NewToAgent() *ToAgent { return new(ToAgent) }

// NewToExecutor returns a record that acknowledges only.
func NewToExecutor() *ToExecutor { return new(ToExecutor) }

// ToAgentSender returns a sender for an executor.
func ToAgentSender() *Sender[*ToAgent] {
	return newSender(func(m *ToAgent, number, received uint64) { m.Number, m.Received = number, received })
}

// ToExecutorSender returns a sender for an agent.
func ToExecutorSender() *Sender[*ToExecutor] {
	return newSender(func(m *ToExecutor, number, received uint64) { m.Number, m.Received = number, received })
}
