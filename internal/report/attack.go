package report

func attackVersion() string { return "19" }

var names = map[string][]string{
	"T1566.003": {"Spearphishing via Service", "initial-access"}, "T1204.002": {"Malicious File", "execution"}, "T1059.001": {"PowerShell", "execution"}, "T1218.005": {"Mshta", "stealth"},
	"T1218.011": {"Rundll32", "stealth"}, "T1543.003": {"Windows Service", "persistence", "privilege-escalation"}, "T1547.005": {"Security Support Provider", "persistence", "privilege-escalation"},
	"T1003.001": {"LSASS Memory", "credential-access"}, "T1003.002": {"Security Account Manager", "credential-access"}, "T1087.002": {"Domain Account", "discovery"}, "T1082": {"System Information Discovery", "discovery"},
	"T1016": {"System Network Configuration Discovery", "discovery"}, "T1021.002": {"SMB/Windows Admin Shares", "lateral-movement"}, "T1053.005": {"Scheduled Task", "execution", "persistence", "privilege-escalation"},
	"T1685": {"Disable or Modify Tools", "defense-impairment"}, "T1686": {"Disable or Modify System Firewall", "defense-impairment"}, "T1070.001": {"Clear Windows Event Logs", "stealth"}, "T1070.004": {"File Deletion", "stealth"},
	"T1560.001": {"Archive via Utility", "collection"}, "T1071.001": {"Web Protocols", "command-and-control"}, "T1005": {"Data from Local System", "collection"}, "T1055": {"Process Injection", "stealth", "privilege-escalation"}, "T1078": {"Valid Accounts", "initial-access", "persistence", "stealth"},
}

func techniqueName(id string) string {
	if n := names[id]; n != nil {
		return n[0]
	}
	return id
}

func tacticsOf(id string) []string {
	if n := names[id]; n != nil {
		return n[1:]
	}
	return nil
}

type tactic struct{ Short, Name string }

func tactics() []tactic {
	return []tactic{{"initial-access", "Initial Access"}, {"execution", "Execution"}, {"persistence", "Persistence"}, {"privilege-escalation", "Privilege Escalation"}, {"stealth", "Stealth"}, {"defense-impairment", "Defense Impairment"},
		{"credential-access", "Credential Access"}, {"discovery", "Discovery"}, {"lateral-movement", "Lateral Movement"}, {"collection", "Collection"}, {"command-and-control", "Command and Control"}, {"exfiltration", "Exfiltration"}, {"impact", "Impact"}}
}
