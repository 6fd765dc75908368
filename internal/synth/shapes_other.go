package synth

// Sysmon 14, schema 4.82: every event but 1, 4 and 16 ends with the user.
const sysmonHead = "RuleName, UtcTime, ProcessGuid:guid, ProcessId:u32, "

var (
	sysProcess = pSysmon.event(kind{id: 1, version: 5, task: 1}, sysmonHead+`Image, FileVersion, Description, Product, Company, OriginalFileName, CommandLine, CurrentDirectory,
		User, LogonGuid:guid, LogonId:h64, TerminalSessionId:u32, IntegrityLevel, Hashes, ParentProcessGuid:guid, ParentProcessId:u32, ParentImage, ParentCommandLine, ParentUser`)
	sysFileTime = pSysmon.event(kind{id: 2, version: 5, task: 2}, sysmonHead+"Image, TargetFilename, CreationUtcTime, PreviousCreationUtcTime, User")
	sysNetwork  = pSysmon.event(kind{id: 3, version: 5, task: 3}, sysmonHead+`Image, User, Protocol, Initiated:bool, SourceIsIpv6:bool, SourceIp, SourceHostname, SourcePort:u16,
		SourcePortName, DestinationIsIpv6:bool, DestinationIp, DestinationHostname, DestinationPort:u16, DestinationPortName`)
	sysProcessEnd = pSysmon.event(kind{id: 5, version: 3, task: 5}, sysmonHead+"Image, User")
	sysImage      = pSysmon.event(kind{id: 7, version: 3, task: 7}, sysmonHead+`Image, ImageLoaded, FileVersion, Description, Product, Company, OriginalFileName, Hashes, Signed,
		Signature, SignatureStatus, User`)
	sysThread = pSysmon.event(kind{id: 8, version: 2, task: 8}, `RuleName, UtcTime, SourceProcessGuid:guid, SourceProcessId:u32, SourceImage, TargetProcessGuid:guid,
		TargetProcessId:u32, TargetImage, NewThreadId:u32, StartAddress, StartModule, StartFunction, SourceUser, TargetUser`)
	sysAccess = pSysmon.event(kind{id: 10, version: 3, task: 10}, `RuleName, UtcTime, SourceProcessGUID:guid, SourceProcessId:u32, SourceThreadId:u32, SourceImage,
		TargetProcessGUID:guid, TargetProcessId:u32, TargetImage, GrantedAccess:h32, CallTrace, SourceUser, TargetUser`)
	sysFile      = pSysmon.event(kind{id: 11, version: 2, task: 11}, sysmonHead+"Image, TargetFilename, CreationUtcTime, User")
	sysKey       = pSysmon.event(kind{id: 12, version: 2, task: 12}, "RuleName, EventType, UtcTime, ProcessGuid:guid, ProcessId:u32, Image, TargetObject, User")
	sysValue     = pSysmon.event(kind{id: 13, version: 2, task: 13}, "RuleName, EventType, UtcTime, ProcessGuid:guid, ProcessId:u32, Image, TargetObject, Details, User")
	sysStream    = pSysmon.event(kind{id: 15, version: 2, task: 15}, sysmonHead+"Image, TargetFilename, CreationUtcTime, Hash, Contents, User")
	sysPipe      = pSysmon.event(kind{id: 17, version: 1, task: 17}, "RuleName, EventType, UtcTime, ProcessGuid:guid, ProcessId:u32, PipeName, Image, User")
	sysWMIFilter = pSysmon.event(kind{id: 19, version: 3, task: 19}, "RuleName, EventType, UtcTime, Operation, User, EventNamespace, Name, Query")
	sysWMIAction = pSysmon.event(kind{id: 20, version: 3, task: 20}, "RuleName, EventType, UtcTime, Operation, User, Name, Type, Destination")
	sysWMIBind   = pSysmon.event(kind{id: 21, version: 3, task: 21}, "RuleName, EventType, UtcTime, Operation, User, Consumer, Filter")
	sysDNS       = pSysmon.event(kind{id: 22, version: 5, task: 22}, sysmonHead+"QueryName, QueryStatus, QueryResults, Image, User")
	sysDeleted   = pSysmon.event(kind{id: 23, version: 5, task: 23}, sysmonHead+"User, Image, TargetFilename, Hashes, IsExecutable:bool, Archived")
	sysRemoved   = pSysmon.event(kind{id: 26, version: 5, task: 26}, sysmonHead+"User, Image, TargetFilename, Hashes, IsExecutable:bool")
)

// The channels System and Application.
var (
	sysService        = pServices.event(kind{id: 7045, qualifiers: 16384}, "ServiceName, ImagePath, ServiceType, StartType, AccountName")
	sysServiceState   = pServices.event(kind{id: 7036, qualifiers: 16384}, "param1, param2, Binary:bin")
	sysServiceStart   = pServices.event(kind{id: 7040, qualifiers: 16384}, "param1, param2, param3, param4")
	sysUptime         = pEventLog.event(kind{id: 6013, qualifiers: 0x8000}, "")
	sysUpdateBegin    = pUpdate.event(kind{id: 44, version: 1, task: 1, opcode: 12, keywords: 0x8000000000002004}, "updateTitle, updateGuid:guid, updateRevisionNumber:u32")
	sysUpdateDone     = pUpdate.event(kind{id: 19, version: 1, task: 1, opcode: 13, keywords: 0x8000000000000018}, "updateTitle, updateGuid:guid, updateRevisionNumber:u32, serviceGuid:guid")
	sysPolicyDone     = pPolicy.event(kind{id: 1500, opcode: 1}, "SupportInfo1:u32, SupportInfo2:u32, ProcessingMode:u32, ProcessingTimeInMilliseconds:u32, DCName")
	sysUserLogon      = pWinlogon.event(kind{id: 7001, task: 1101}, "TSId:u32, UserSid:sid")
	sysUserLogoff     = pWinlogon.event(kind{id: 7002, task: 1102}, "TSId:u32, UserSid:sid")
	sysCleared        = cleared(chSystem, 104, 0x8000000000000000, "SubjectUserName, SubjectDomainName, Channel, BackupPath")
	appInstalled      = pInstaller.event(kind{id: 1033}, "")
	psEngineStart     = pEngine.event(kind{id: 400, task: 4}, "")
	psEngineStop      = pEngine.event(kind{id: 403, task: 4}, "")
	psProvider        = pEngine.event(kind{id: 600, task: 6}, "")
	psScript          = pPowerShell.event(kind{id: 4104, version: 1, task: 2, opcode: 15, level: 5}, "MessageNumber:i32, MessageTotal:i32, ScriptBlockText:text, ScriptBlockId, Path")
	psScriptWarning   = pPowerShell.event(kind{id: 4104, version: 1, task: 2, opcode: 15, level: 3}, "MessageNumber:i32, MessageTotal:i32, ScriptBlockText:text, ScriptBlockId, Path")
	psPipeline        = pPowerShell.event(kind{id: 4103, version: 1, task: 106, opcode: 20}, "ContextInfo, UserData, Payload")
	psConsoleStarting = pPowerShell.event(kind{id: 40961, version: 1, task: 4, opcode: 1}, "")
	psConsoleReady    = pPowerShell.event(kind{id: 40962, version: 1, task: 4, opcode: 2}, "")
)

// Defender, firewall, task scheduler, remote desktop, BITS and WMI.
var (
	defScanStart = pDefender.event(kind{id: 1000}, "Product Name, Product Version, Scan ID, Scan Type Index, Scan Type, Scan Parameters Index, Scan Parameters, Domain, User, SID, Scan Resources")
	defScanDone  = pDefender.event(kind{id: 1001}, "Product Name, Product Version, Scan ID, Scan Type Index, Scan Type, Scan Parameters Index, Scan Parameters, Domain, User, SID, Scan Time Hours, Scan Time Minutes, Scan Time Seconds")
	defUpdated   = pDefender.event(kind{id: 2000}, `Product Name, Product Version, Current security intelligence Version, Previous security intelligence Version, Unused, Unused2, Unused3,
		Domain, User, SID, Security intelligence Type Index, Security intelligence Type, Update Type Index, Update Type, Current Engine Version, Previous Engine Version`)
	defDetected    = pDefender.event(kind{id: 1116, level: 3}, detection)
	defActed       = pDefender.event(kind{id: 1117}, detection)
	defRealtimeOff = pDefender.event(kind{id: 5001}, "Product Name, Product Version")
	defSpywareOff  = pDefender.event(kind{id: 5010}, "Product Name, Product Version")
	defVirusOff    = pDefender.event(kind{id: 5012}, "Product Name, Product Version")
	defConfig      = pDefender.event(kind{id: 5007}, "Product Name, Product Version, Old Value, New Value")

	fwSetting = pFirewall.event(kind{id: 2003}, "Profiles:u32, SettingType:u32, SettingValueSize:u32, SettingValue:bin, SettingValueString, Origin:u32, ModifyingUser:sid, ModifyingApplication")
	fwAdded   = pFirewall.event(kind{id: 2004}, firewallRule)
	fwChanged = pFirewall.event(kind{id: 2005}, firewallRule)
	fwDeleted = pFirewall.event(kind{id: 2006}, "RuleId, RuleName, ModifyingUser:sid, ModifyingApplication")

	taskRegistered = pTasks.event(kind{id: 106, task: 106, dataName: "TaskRegisteredEvent"}, "TaskName, UserContext")
	taskUpdated    = pTasks.event(kind{id: 140, task: 140, dataName: "TaskUpdated"}, "TaskName, UserName")
	taskDeleted    = pTasks.event(kind{id: 141, task: 141, dataName: "TaskDeleted"}, "TaskName, UserName")
	taskStarted    = pTasks.event(kind{id: 100, task: 100, opcode: 1}, "TaskName, UserContext, InstanceId:guid")
	taskFinished   = pTasks.event(kind{id: 102, task: 102, opcode: 2}, "TaskName, UserContext, InstanceId:guid")
	taskAction     = pTasks.event(kind{id: 200, version: 1, task: 200, opcode: 1}, "TaskName, ActionName, TaskInstanceId:guid, EnginePID:u32")
	taskActionDone = pTasks.event(kind{id: 201, version: 2, task: 201, opcode: 2}, "TaskName, TaskInstanceId:guid, ActionName, ResultCode:u32, EnginePID:u32")

	tsLogon        = pSessions.event(kind{id: 21}, "User, SessionID:u32, Address")
	tsShell        = pSessions.event(kind{id: 22}, "User, SessionID:u32, Address")
	tsLogoff       = pSessions.event(kind{id: 23}, "User, SessionID:u32")
	tsDisconnected = pSessions.event(kind{id: 24}, "User, SessionID:u32, Address")
	tsReconnected  = pSessions.event(kind{id: 25}, "User, SessionID:u32, Address")
	tsAuth         = pRemote.event(kind{id: 1149}, "Param1, Param2, Param3")
	tsListener     = pRemote.event(kind{id: 261}, "listenerName")

	bitsJob   = pBits.event(kind{id: 3, version: 3}, "jobTitle, jobId:guid, jobOwner, processPath, processId:u32, ClientProcessStartKey:u64")
	bitsBegin = pBits.event(kind{id: 59, version: 1, opcode: 1}, "transferId:guid, name, Id:guid, url, peer, fileTime:time, fileLength:u64, bytesTotal:u64, bytesTransferred:u64, bytesTransferredFromPeer:u64")
	bitsEnd   = pBits.event(kind{id: 60, version: 1, opcode: 2}, `transferId:guid, name, Id:guid, url, peer, hr:u32, fileTime:time, fileLength:u64, bytesTotal:u64, bytesTransferred:u64, proxy,
		peerProtocolFlags:u64, bytesTransferredFromPeer:u64, AdditionalInfoHr:u32, PeerContextInfo:u32, bandwidthLimit:u64, ignoreBandwidthLimitsOnLan:bool`)

	wmiProvider = wmi("Operation_StartedOperational").event(kind{id: 5857}, "ProviderName, Code:h32, HostProcess, ProcessID:u32, ProviderPath")
	wmiBinding  = wmi("Operation_ESStoConsumerBinding").event(kind{id: 5861}, "Namespace, ESS, CONSUMER, PossibleCause")
)

func wmi(element string) provider {
	p := pWMI
	p.user = element
	return p
}

const (
	detection = `Product Name, Product Version, Detection ID, Detection Time, Unused, Unused2, Threat ID, Threat Name, Severity ID, Severity Name, Category ID, Category Name,
		FWLink, Status Code, Status Description, State, Source ID, Source Name, Process Name, Detection User, Unused3, Path, Origin ID, Origin Name, Execution ID, Execution Name,
		Type ID, Type Name, Pre Execution Status, Action ID, Action Name, Unused4, Error Code, Error Description, Unused5, Post Clean Status, Additional Actions ID,
		Additional Actions String, Remediation User, Unused6, Security intelligence Version, Engine Version`
	firewallRule = `RuleId, RuleName, Origin:u32, ApplicationPath, ServiceName, Direction:u32, Protocol:u16, LocalPorts, RemotePorts, Action:u32, Profiles:u32, LocalAddresses,
		RemoteAddresses, RemoteMachineAuthorizationList, RemoteUserAuthorizationList, EmbeddedContext, Flags:u16, Active:u16, EdgeTraversal:u16, LooseSourceMapped:u16,
		SecurityOptions:u16, ModifyingUser:sid, ModifyingApplication, SchemaVersion:u16, RuleStatus:u32, LocalOnlyMapped:u16`
)
