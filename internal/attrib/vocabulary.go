package attrib

// What victims are told by: a vocabulary of our own. Each line is a code and, behind a colon, the phrases by which text names it, in
// lower case; a star at the end of a phrase stands for the rest of its last word. Codes without phrases are known, but not looked for.

// sectorLines are the sectors of victims.
const sectorLines = `
-: cryptocurrency min*, mining cryptocurrenc*, mining of cryptocurrenc*
aerospace: aerospace, aviation, airline*, airport*, space, satellite*, aircraft
agriculture: agricultur*, food, farming
automotive: automotive, automobile*, car manufacturers
chemical: chemical*, petrochemical*
civil-society: dissident*, activist*, human rights, civil society, minorit*, protester*, opposition, religious, religion, tibetan*, uyghur*, uighur*, journalists and activists, defectors
construction: construction, engineering, architecture, real estate
cryptocurrency: cryptocurrenc*, crypto, blockchain, bitcoin, decentralized finance, web3, digital asset*, virtual currenc*
defence: defense, defence, military, militaries, armed forces, arms manufacturers, army, navy, naval, defense industrial base
education: education*, universit*, academi*, school*, student*, professor*, scholars, higher education
energy: energy, oil, gas, electric*, power grid, power companies, utilities, utility, petroleum, nuclear, power generation, renewable*, fuel
finance: financ*, bank*, payment*, card processing, point of sale, pos, atm, atms, swift, insurance, investment*, brokerage*, trading, accounting, fintech, stock exchange*, credit card*, bancomext
gaming: gaming, video game*, game companies, game developers, gambling, betting, casino*, online games
government: government*, ministr*, diplomat*, embass*, parliament*, public sector, public administration, foreign affairs, foreign policy, state agencies, federal, municipal*, law enforcement, police, intelligence agencies, election*, political, politicians, intergovernmental, united nations, consulates, public officials, civil service
health: health*, hospital*, medical, pharmaceutical*, biotech*, biotechnology, covid, vaccine*, life sciences, infectious disease*, world health organization
hospitality: hospitality, hotel*, restaurant*, tourism, travel, leisure
industrial: industrial control, ics, operational technology, critical infrastructure, scada, water
legal: legal, law firms, law firm, lawyers, judicia*
logistics: logistics, transport*, shipping, freight, rail*, postal, supply chain management
manufacturing: manufactur*, semiconductor*, steel, industrial, heavy industry, machinery, electronics
maritime: maritime, ship builders, shipbuilding, marine, ports
media: media, journalis*, news, newspaper*, broadcast*, publishing, entertainment, television
mining: mining, metals
ngo: ngo, ngos, non governmental, nongovernmental, nongovernment, non government, nonprofit*, non profit*, humanitarian, charit*, aid organizations
professional: consulting, business services, professional services, managed service provider*, msp, msps, outsourcing
research: think tank*, research institut*, research organizations, researchers, policy experts, scientific, research
retail: retail*, e commerce, ecommerce, commerce, online shop*, consumer goods, fashion, apparel
technology: technolog*, software, high tech, information technology, it companies, it service providers, it services, it organizations, it firms, hardware, cloud, computer*, security companies, cybersecurity, internet companies, software developers, service providers
telecom: telecom*, telecommunication*, internet service provider*, isp, isps, mobile operators, satellite communications
`

// countryLines are the countries that descriptions name, by the codes of ISO 3166. "-" is for what only looks like one.
const countryLines = `
-: south china sea, east china sea, korean peninsula, new york, new mexico, north atlantic, indian ocean, american express, chinese language, georgia tech
AE: united arab emirates, emirati
AF: afghan*
AL: albania*
AM: armenia*
AR: argentin*
AT: austria*
AU: australia*
AZ: azerbaijan*
BA: bosnia*
BD: bangladesh*
BE: belgium, belgian*
BG: bulgaria*
BH: bahrain*
BO: bolivia*
BR: brazil*
BT: bhutan*
BY: belarus*
CA: canada, canadian*
CH: switzerland, swiss
CL: chile, chilean*
CN: china, chinese
CO: colombia*
CR: costa rica*
CU: cuba, cuban*
CY: cyprus, cypriot*
CZ: czech*
DE: germany, german, germans
DK: denmark, danish
DO: dominican republic
EC: ecuador*
EE: estonia*
EG: egypt*
ES: spain, spanish
ET: ethiopia*
FI: finland, finnish
FR: france, french
GB: united kingdom, british, britain, england
GE: georgia, georgian*
GR: greece, greek*
GT: guatemala*
HK: hong kong
HR: croatia*
HU: hungary, hungarian*
ID: indonesia*
IE: ireland, irish
IL: israel*
IN: india, indian, indians
IQ: iraq*
IR: iran, iranian*
IT: italy, italian*
JO: jordan, jordanian*
JP: japan*
KE: kenya*
KG: kyrgyz*
KH: cambodia*
KP: north korea*, dprk, democratic people s republic of korea
KR: south korea*, republic of korea, seoul, korean, korea
KW: kuwait*
KZ: kazakh*
LA: laos, laotian*
LB: leban*
LK: sri lanka*
LT: lithuania*
LV: latvia*
LY: libya*
MA: morocc*
MD: moldova*
MM: myanmar, burma, burmese
MN: mongolia*
MO: macau, macao
MV: maldiv*
MX: mexic*
MY: malaysia*
MZ: mozambique
NG: nigeria*
NL: netherlands, dutch
NO: norway, norwegian*
NP: nepal*
NZ: new zealand*
OM: oman, omani*
PA: panama*
PE: peru, peruvian*
PH: philippine*, filipino*
PK: pakistan*
PL: poland, polish
PS: palestin*, gaza
PT: portug*
PY: paraguay*
QA: qatar*
RO: romania*
RS: serbia*
RU: russia, russian, russians
SA: saudi*
SE: sweden, swedish
SG: singapor*
SI: slovenia*
SK: slovak*
SY: syria*
TH: thailand, thai
TJ: tajik*
TM: turkmen*
TN: tunisia*
TR: turkey, turkish, turkiye
TW: taiwan*
UA: ukrain*
US: united states, american, americans, guam
UY: uruguay*
UZ: uzbek*
VE: venezuela*
VN: vietnam*
YE: yemen*
ZA: south africa*
`

// regionLines are regions; regionMembers says which countries lie in each.
const regionLines = `
africa: africa*, north africa*, northern africa
asia: asia, asian, asia pacific, apac
caucasus: caucasus
central-asia: central asia*
east-asia: east asia*, northeast asia*
eastern-europe: eastern europe*, former soviet, post soviet, cis, soviet union
europe: europe*, european union, western europe*, nato, nordic, baltic
latin-america: latin america*, south america*, central america*, spanish speaking
middle-east: middle east*, gulf, arab, arabic speaking
north-america: north america*
oceania: oceania, pacific islands
south-asia: south asia*
southeast-asia: southeast asia*, south east asia*, south eastern asia*, southeastern asia*, asean
`

const regionMembers = `
africa: AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW
asia: AF AM AZ BD BN BT CN GE HK ID IN IO JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW UZ VN
caucasus: AM AZ GE
central-asia: KG KZ TJ TM UZ
east-asia: CN HK JP KP KR MN MO TW
eastern-europe: AL BA BG BY CZ EE HR HU LT LV MD ME MK PL RO RS RU SI SK UA XK
europe: AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM TR UA VA XK
latin-america: AG AI AR AW BB BL BO BQ BR BS BZ CL CO CR CU CW DM DO EC FK GD GF GP GT GY HN HT JM KN KY LC MF MQ MS MX NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI
middle-east: AE BH CY EG IL IQ IR JO KW LB OM PS QA SA SY TR YE
north-america: BM CA GL MX PM US
oceania: AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS
south-asia: AF BD BT IN IO LK MV NP PK
southeast-asia: BN ID KH LA MM MY PH SG TH TL VN
`
