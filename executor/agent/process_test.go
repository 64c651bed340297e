package agent_test

func actAsExecutor() {}
