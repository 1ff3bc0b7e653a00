// What the page says, German first. `data-say` in index.html names a word of this table.

const WORDS = {
  skip: ["Zum Inhalt", "Skip to content"],
  where: ["Prüfstelle", "Auditors' desk"],
  leave: ["Sitzung beenden", "End session"],
  entryTitle: ["Einsicht in das Protokoll", "Inspect the log"],
  entryLead: ["Jede Einsicht nennt Zweck und Aktenzeichen und steht selbst im Protokoll, bevor Sie die Antwort sehen.", "Every look states purpose and reference and is itself in the log before you see the answer."],
  token: ["Ihr Prüfer-Token", "Your auditor's token"],
  tokenHint: ["Bleibt im Arbeitsspeicher dieser Seite: nicht in der Adresse, nicht auf der Platte. Ein Neuladen vergisst es.", "Stays in this page's memory: not in the address, not on disk. Reloading forgets it."],
  purpose: ["Zweck der Einsicht", "Purpose of the look"],
  reference: ["Aktenzeichen", "Reference"],
  ownRule: ["Vertrauensregel oder Schlüssel angeben (empfohlen)", "Give a trust policy or key (recommended)"],
  rule: ["Vertrauensregel (tlog-policy) oder Schlüssel des Protokolls, von der aufsichtführenden Stelle", "Trust policy (tlog-policy) or the log's key, from the supervising body"],
  ruleHint: ["Ohne sie prüft die Seite gegen die Schlüssel, die das Protokoll selbst nennt.", "Without it the page checks against the keys that the log itself names."],
  enter: ["Einsicht beginnen", "Begin"],
  searchTitle: ["Vorgang suchen", "Find a case"],
  case: ["Eingangs-, Vorgangs- oder Antragsnummer", "Receipt, case or submission number"],
  showCase: ["Verlauf zeigen", "Show history"],
  moreSearch: ["Einträge suchen: nach Behörde, Leistung, Art, Zeitraum", "Search entries: by authority, service, kind, period"],
  authority: ["Behörde", "Authority"],
  service: ["Leistung", "Service"],
  kind: ["Art", "Kind"],
  any: ["alle", "any"],
  since: ["von", "from"],
  until: ["bis einschließlich", "until, inclusive"],
  search: ["Suchen", "Search"],
  logTitle: ["Das Protokoll", "The log"],
  footer: ["Diese Seite kommt vom selben Server wie das Protokoll. Unabhängig prüfen Sie mit der Beweisdatei und dem Prüfprogramm auf einem anderen Rechner.", "This page comes from the same server as the log. For an independent check take the evidence file and the verifier to another machine."],
  program: ["Prüfprogramm verify.py", "Verifier verify.py"],

  visiting: ["Zweck: {0} · Az. {1}", "Purpose: {0} · ref. {1}"],
  working: ["Wird geladen und nachgerechnet …", "Loading and checking …"],
  noCrypto: ["Dieser Browser rechnet nur über https oder auf dem eigenen Rechner. Hier kann nichts geprüft werden.", "This browser computes over https or on localhost only. Nothing can be checked here."],
  badRule: ["Die Vertrauensregel ist nicht lesbar: Zeilen wie in C2SP tlog-policy, oder ein Schlüssel der Form Name+Kennung+Schlüssel.", "The policy cannot be read: lines as in C2SP tlog-policy, or a key of the form name+id+key."],
  failed: ["Das ging nicht ({0}). Der Dienst ist nicht erreichbar, oder seine Antwort ist nicht lesbar.", "That did not work ({0}). The service cannot be reached, or its answer cannot be read."],
  timeline: ["Verlauf des Vorgangs", "History of the case"],
  pseudonym: ["Pseudonym {0}", "Pseudonym {0}"],
  allGood: ["{0} von {0} Einträgen hier nachgerechnet: Sie stehen so im Protokoll.", "{0} of {0} entries checked here: they are in the log like this."],
  someBad: ["Nicht alles stimmt: {0} von {1} Einträgen sind nicht bewiesen. Sichern Sie die Beweisdatei.", "Not everything holds: {0} of {1} entries are not proven. Keep the evidence file."],
  stateOf: ["Stand mit {0} Einträgen", "Checkpoint of {0} entries"],
  signed: ["vom Protokoll unterschrieben ({0})", "signed by the log ({0})"],
  signedBad: ["keine gültige Unterschrift eines bekannten Schlüssels", "no valid signature by a known key"],
  signedUntold: ["Unterschrift nicht geprüft: dieser Browser kennt kein Ed25519", "signature not checked: this browser has no Ed25519"],
  cosigned: ["{0} von {1} Zeugen", "{0} of {1} witnesses"],
  noQuorum: ["zu wenige Zeugen haben mitgezeichnet", "too few witnesses have cosigned"],
  ownKey: ["Geprüft gegen Ihre Vertrauensregel.", "Checked against your policy."],
  foreignKey: ["Geprüft gegen die Schlüssel, die das Protokoll selbst nennt. Vergleichen Sie sie mit denen der aufsichtführenden Stelle.", "Checked against the keys that the log itself names. Compare them with those of the supervising body."],
  included: ["im Protokoll", "in the log"],
  notIncluded: ["Beweis führt nicht zur Wurzel", "proof does not lead to the root"],
  opened: ["Inhalt stimmt", "payload fits"],
  notOpened: ["Inhalt ist ein anderer", "payload is another"],
  erased: ["Inhalt gelöscht, oder nur zu zweit einzusehen", "payload erased, or shown to two only"],
  details: ["Eintrag {0}: Beweis und Inhalt", "Entry {0}: proof and payload"],
  place: ["Stelle im Protokoll", "Place in the log"],
  leafHash: ["Hash des Eintrags", "Hash of the entry"],
  path: ["Beweisweg", "Proof"],
  hashes: ["{0} Hashes bis zur Wurzel", "{0} hashes up to the root"],
  source: ["gemeldet von", "reported by"],
  bus: ["auf dem Bus", "on the bus"],
  payload: ["Inhalt", "Payload"],
  takeAway: ["Beweisdatei speichern", "Save evidence file"],
  takeHint: ["Prüfen Sie sie auf einem anderen Rechner: python3 verify.py DATEI --policy REGEL", "Check it on another machine: python3 verify.py FILE --policy POLICY"],
  stampIn: ["Zeitstempel einer fremden Stelle liegt bei; verify.py prüft ihn.", "A time stamp of an outside authority is enclosed; verify.py checks it."],
  picture: ["Bild des Verlaufs: {0} Schritte von {1} bis {2}. Dieselben Schritte stehen darunter als Liste.", "Picture of the history: {0} steps from {1} to {2}. The same steps follow as a list."],
  waiting: ["Einträge, die noch nicht im veröffentlichten Stand sind: {0}. In wenigen Sekunden erneut zeigen.", "Entries that are not in the published checkpoint yet: {0}. Show again in a few seconds."],
  found: ["{0} von {1} gezeigt", "{0} of {1} shown"],
  moreThan: ["mehr als {0}", "more than {0}"],
  foundNone: ["Kein Eintrag passt. Gesucht wurde nach: {0}.", "No entry matches. Searched for: {0}."],
  everything: ["allem", "everything"],
  before: ["vor", "before"],
  noName: ["{0} „{1}“: nichts gefunden. Gesucht wurde in Namen, Sitz und Kennung des Verzeichnisses.", "{0} “{1}”: nothing found. Searched: the directory's names, seats and keys."],
  several: ["{0} „{1}“ passt mehrfach. Welche ist gemeint?", "{0} “{1}” fits several. Which one is meant?"],
  withoutLooks: ["ohne Einsichten", "without looks"],
  onlyKind: ["Nur diese Art", "This kind only"],
  shownOf: ["{0} von {1} Schritten gezeigt", "{0} of {1} steps shown"],
  csv: ["Ergebnis als Tabelle (CSV)", "Result as a table (CSV)"],
  csvHint: ["Alle Treffer, höchstens 10.000; Zeiten in UTC und Ortszeit.", "All that was found, at most 10,000; times in UTC and local time."],
  timeUtc: ["Zeit (UTC)", "Time (UTC)"],
  timeLocal: ["Ortszeit", "Local time"],
  kindCode: ["Art (Kennung)", "Kind (code)"],
  nameOfAuthority: ["Name der Behörde", "Name of the authority"],
  nameOfService: ["Name der Leistung", "Name of the service"],
  pseudonymOfCase: ["Vorgang (Pseudonym)", "Case (pseudonym)"],
  caseOf: ["Vorgang {0}", "Case {0}"],
  report: ["Bericht drucken (PDF)", "Print report (PDF)"],
  printed: ["gedruckt am", "printed on"],
  accountTitle: ["Vollständigkeit: was hätte folgen müssen, und der Abschluss eines Tages", "Completeness: what should have followed, and the statement of a day"],
  accountDay: ["Stichtag (leer: jetzt)", "Day (empty: now)"],
  accountAsk: ["Auskunft", "Show"],
  accountNow: ["Vollständigkeit jetzt", "Completeness now"],
  accountOn: ["Vollständigkeit am Ende des {0}", "Completeness at the end of {0}"],
  accountAt: ["Stand: {0}", "As of {0}"],
  late: ["{0} Pflichten sind überfällig.", "{0} obligations are overdue."],
  nothingLate: ["Nichts ist überfällig.", "Nothing is overdue."],
  lateCase: ["Eintrag {0}: {1} Fällig war {2}", "Entry {0}: {1} Due on {2}"],
  rules: ["Regeln", "Rules"],
  ruleName: ["Regel", "Rule"],
  open: ["offen", "open"],
  overdue: ["überfällig", "overdue"],
  oldest: ["das Älteste seit", "oldest since"],
  dayOpen: ["Dieser Tag ist noch nicht abgeschlossen; abgeschlossen wird kurz nach Mitternacht.", "This day is not closed yet; days are closed soon after midnight."],
  dayClosed: ["Abgeschlossen mit {0} Einträgen; der Abschluss ist Eintrag {1}", "Closed with {0} entries; the statement is entry {1}"],
  keepStatement: ["Aussage speichern: {0}, {1} Einträge", "Save statement: {0}, {1} entries"],
  noAuthority: ["ohne Behörde", "no authority"],
  foundTitle: ["Gefundene Einträge", "Entries found"],
  number: ["Nr.", "No."],
  time: ["Zeit", "Time"],
  openCase: ["Verlauf", "History"],
  openCaseOf: ["Verlauf zu Eintrag {0}", "History for entry {0}"],
  nextPage: ["Weitere", "More"],
  entries: ["Einträge", "entries"],
  growth: ["Wachstum: von {0} bis {1} auf {2} Einträge.", "Growth: from {0} to {1}, up to {2} entries."],
  onlyGrown: ["Seit Öffnen dieser Seite nur gewachsen: {0} → {1}", "Only grown since this page was opened: {0} → {1}"],
  unchanged: ["Seit Öffnen dieser Seite unverändert", "Unchanged since this page was opened"],
  changed: ["Der Stand passt nicht zu dem, den diese Seite zuvor sah: Das Protokoll wurde verändert!", "The checkpoint does not extend the one this page saw before: the log was altered!"],
  witnesses: ["Zeugen", "Witnesses"],
  noWitnesses: ["Keine Vertrauensregel verlangt Zeugen: niemand außer dem Protokoll bürgt für diesen Stand.", "No policy asks for witnesses: nobody but the log vouches for this checkpoint."],
  saw: ["mitgezeichnet {0}", "cosigned {0}"],
  missing: ["hat diesen Stand nicht mitgezeichnet", "has not cosigned this checkpoint"],
  unverified: ["mitgezeichnet {0}, hier nicht prüfbar", "cosigned {0}, cannot be checked here"],
  stamp: ["Zeitstempel", "Time stamp"],
  stamped: ["{0}, Stand mit {1} Einträgen", "{0}, checkpoint of {1} entries"],
  notStamped: ["noch keiner", "none yet"],
  keys: ["Vertrauensregel des Protokolls speichern", "Save the log's policy"],
};

/** What the kinds of events are called, and whose lane they stand in. */
export const KINDS = {
  SubmissionReceived: ["intake", "Eingegangen", "Received"],
  SupplementReceived: ["intake", "Nachreichung eingegangen", "Supplement received"],
  WithdrawalReceived: ["intake", "Rücknahme eingegangen", "Withdrawal received"],
  CaseSupplemented: ["routing", "Nachreichung gehört zum Vorgang", "Supplement belongs to the case"],
  CaseWithdrawn: ["routing", "Antrag zurückgenommen", "Application withdrawn"],
  SubmissionRefused: ["routing", "Nachreichung oder Rücknahme ohne Wirkung", "Supplement or withdrawal without effect"],
  SubmissionRouted: ["routing", "Weitergeleitet", "Routed"],
  StepOverdue: ["notice", "Ein Schritt ist überfällig", "A step is overdue"],
  PeriodEnding: ["notice", "Frist läuft bald ab", "Period ends soon"],
  PeriodEnded: ["notice", "Frist abgelaufen", "Period has ended"],
  ExtensionIneffective: ["notice", "Verlängerung ohne Wirkung", "Extension without effect"],
  SubmissionParked: ["routing", "Zur Klärung geparkt", "Parked for clearing"],
  RetryOrdered: ["clearing", "Klärungsstelle: erneut versuchen", "Clearing desk: try again"],
  RedeliverOrdered: ["clearing", "Klärungsstelle: erneut zustellen", "Clearing desk: deliver again"],
  AssignOrdered: ["clearing", "Klärungsstelle: zugewiesen", "Clearing desk: assigned"],
  OrderRefused: ["clearing", "Auftrag der Klärungsstelle abgelehnt", "Clearing desk's order refused"],
  CaseAnswered: ["authority", "Antwort der Behörde", "Authority's answer"],
  DeliveryFetched: ["authority", "Eingang von der Behörde abgeholt", "Delivery fetched by the authority"],
  CaseFetched: ["authority", "Von der Behörde abgeholt", "Fetched by the authority"],
  CaseAccepted: ["authority", "Von der Behörde angenommen", "Accepted by the authority"],
  CaseDecided: ["authority", "Entschieden", "Decided"],
  FileUnreadable: ["authority", "Datei beim Amt nicht lesbar", "File unreadable for the authority"],
  PeriodExtended: ["authority", "Frist vom Amt verlängert", "Period extended by the authority"],
  DeemedApprovalCertified: ["authority", "Genehmigungsfiktion bescheinigt", "Deemed approval certified"],
  CaseDeemedApproved: ["routing", "Gilt nach dem Gesetz als genehmigt", "Deemed approved by law"],
  SilenceDoubted: ["routing", "Frist vorbei, Schweigen nicht sicher: zur Klärung", "Period over, silence uncertain: clearing"],
  InformationRequested: ["authority", "Unterlagen nachgefordert", "Information requested"],
  CaseReturned: ["authority", "Von der Behörde zurückgegeben", "Returned by the authority"],
  CaseForwarded: ["authority", "An eine andere Behörde weitergegeben", "Forwarded to another authority"],
  AnswerRefused: ["authority", "Antwort der Behörde zurückgewiesen", "Authority's answer refused"],
  NotificationSettled: ["notice", "Benachrichtigung", "Notification"],
  NotificationRead: ["notice", "Nachricht im Postfach gelesen", "Message read in the mailbox"],
  EraseOrdered: ["clearing", "Löschung angeordnet", "Erasure ordered"],
  CaseErased: ["notice", "Daten gelöscht", "Data erased"],
  ReplayOrdered: ["clearing", "Betrieb: erneut versuchen", "Operations: try again"],
  CloseOrdered: ["clearing", "Betrieb: Datensatz aufgegeben", "Operations: record given up"],
  CloseCaseOrdered: ["clearing", "Betrieb: Sperre eines Vorgangs gelöst", "Operations: case released"],
  GoOnOrdered: ["clearing", "Betrieb: Dienst macht weiter", "Operations: service goes on"],
  OperationSettled: ["notice", "Betrieb: Auftrag ausgeführt oder abgelehnt", "Operations: order carried out or refused"],
  SuspendOrdered: ["clearing", "Amt gesperrt", "Authority suspended"],
  ResumeOrdered: ["clearing", "Sperre des Amts aufgehoben", "Authority's suspension lifted"],
  DirectoryChanged: ["routing", "Verzeichnis geändert", "Directory changed"],
  Looked: ["look", "Einsicht", "Look"],
  LookRefused: ["look", "Einsicht verweigert", "Look refused"],
  EvaluationRequested: ["look", "Auswertung zu einer Person beantragt", "Evaluation of a person requested"],
  EvaluationApproved: ["look", "Auswertung zu zweit gebilligt", "Evaluation approved by a second auditor"],
  DayStated: ["look", "Tagesabschluss", "Day stated"],
  ShardOpened: ["look", "Protokoll eröffnet, schließt an das vorige an", "Log opened, follows the one before"],
  LooksExpired: ["look", "Angaben alter Einsichten gelöscht", "What old looks said was erased"],
  PayloadErased: ["look", "Inhalte gelöscht", "Payloads erased"],
};

export const LANES = {
  intake: ["Eingang", "Intake"],
  routing: ["Zuständigkeit", "Routing"],
  clearing: ["Klärungsstelle", "Clearing desk"],
  authority: ["Behörde", "Authority"],
  notice: ["Benachrichtigung", "Notification"],
  look: ["Prüfung", "Audit"],
  other: ["Sonstiges", "Other"],
};

// Values that events carry, where they are worth a word of their own.
const VALUES = {
  granted: ["bewilligt", "granted"], refused: ["abgelehnt", "refused"], accepted: ["angenommen", "accepted"], decided: ["entschieden", "decided"],
  received: ["Eingangsbestätigung", "acknowledgement"], routed: ["Abgabenachricht", "routing notice"], parked: ["Klärungsnachricht", "clearing notice"],
  email: ["E-Mail", "e-mail"], webhook: ["Webhook", "webhook"], mailbox: ["Postfach", "mailbox"], letter: ["Brief", "letter"],
  sent: ["versandt", "sent"], delayed: ["noch unterwegs", "still on its way"], unread: ["im Postfach ungelesen", "unread in the mailbox"], delivered: ["angekommen", "arrived"], failed: ["gescheitert", "failed"], unknown: ["Ausgang unbekannt", "outcome unknown"], "no-contact": ["keine Kontaktdaten", "no contact data"],
  "unknown-service": ["Leistung unbekannt", "unknown service"], "unknown-place": ["Ort unbekannt", "unknown place"], "ambiguous-place": ["Ort mehrdeutig", "ambiguous place"],
  "outside-territory": ["außerhalb des Gebiets", "outside the territory"], "not-offered": ["nicht angeboten", "not offered"], "choice-required": ["Wahl nötig", "choice required"],
  "ambiguous-competence": ["Zuständigkeit mehrdeutig", "ambiguous competence"],
  "already-accepted": ["war schon angenommen", "had been accepted already"], "already-decided": ["war schon entschieden", "had been decided already"],
  "not-in-custody": ["die Behörde führt diesen Vorgang nicht", "the authority does not hold this case"], "unknown-case": ["Vorgang unbekannt", "unknown case"],
  "not-parked": ["nicht in Klärung", "not being clarified"], "unknown-authority": ["Behörde unbekannt", "unknown authority"],
  "wrong-place": ["falscher Ort", "wrong place"], "wrong-service": ["falsche Leistung", "wrong service"], "not-competent": ["nicht zuständig", "not competent"],
  misdirected: ["irrtümlich zugestellt", "misdirected"], "no-inbox": ["Behörde nicht angeschlossen", "authority not connected"], "no-key": ["Behörde ohne Schlüssel", "authority without a key"],
  "not-opened": ["nicht für die Plattform verschlüsselt", "not sealed to the platform"], "sealed-for-another-use": ["gehört zu einem anderen Antrag", "belongs to another submission"],
  "internal-error": ["Fehler im System", "fault of the system"], "order-failed": ["Anordnung gescheitert", "order failed"],
  returned: ["zurückgegeben", "handed back"], forwarded: ["weitergegeben", "handed on"], "information-requested": ["Unterlagen nachgefordert", "information requested"],
  "handed-on-in-a-circle": ["im Kreis weitergegeben", "handed on in a circle"],
  receipt: ["Empfangsbestätigung", "automatic receipt"], clearing: ["Zuständigkeit wird geklärt", "competence is being clarified"], acknowledgement: ["Eingangsbestätigung der Behörde", "the authority's confirmation of receipt"],
  status: ["Stand des Verfahrens", "status of the procedure"], incomplete: ["Es fehlen Unterlagen", "documents are missing"], supplement: ["Nachgereichtes ist eingegangen", "supplement received"],
  unreadable: ["Datei nicht lesbar", "file cannot be read"], extension: ["Frist verlängert", "period extended"], decision: ["Entscheidung liegt bereit", "decision available"], completion: ["Verfahren abgeschlossen", "procedure completed"],
  "deemed-approval": ["gilt als bewilligt", "deemed approved"], certificate: ["Bescheinigung der Genehmigungsfiktion", "certificate of the deemed approval"], "trade-certificate": ["Gewerbeschein liegt bereit", "trade certificate available"],
  address: ["keine brauchbare Adresse", "no usable address"], "gave-up": ["aufgegeben", "given up"], bounced: ["kam zurück", "came back"], suppressed: ["nicht versucht", "not tried"],
  forwarding: ["Weitergabe", "passing on"], fetching: ["Abholung", "fetching"], confirmation: ["Bestätigung", "confirmation"],
  certified: ["Genehmigungsfiktion bescheinigt", "deemed approval certified"], extended: ["Frist verlängert", "period extended"], withdrawn: ["war schon zurückgenommen", "had been withdrawn already"],
  "already-extended": ["war schon verlängert", "had been extended already"], "already-deemed-approved": ["galt schon als genehmigt", "was deemed approved already"], "not-deemed-approved": ["gilt nicht als genehmigt", "is not deemed approved"],
  "already-closed": ["war schon abgeschlossen", "had been closed already"], "too-many": ["zu viele Nachreichungen", "too many supplements"], "not-unconfirmed": ["die Behörde hat noch Zeit", "the authority still has time"],
  "too-late": ["zu spät: Frist schon abgelaufen", "too late: period already over"], "too-long": ["länger als erlaubt", "longer than allowed"], "not-allowed": ["nicht vorgesehen", "not provided for"], "nothing-runs": ["es lief keine Frist", "no period ran"],
  "not-every-case-covered": ["das Gesetz gilt nur für einen Teil der Fälle", "the law covers only some of the cases"], suspended: ["Behörde war gesperrt", "authority was suspended"], unconfirmed: ["nie bestätigt", "never confirmed"], "unread-answer": ["eine Antwort war nicht lesbar", "an answer could not be read"],
  "list-missing": ["Liste des Fehlenden kam nicht", "list of what is missing did not arrive"], "list-not-opened": ["Liste des Fehlenden nicht zu öffnen", "list of what is missing cannot be opened"], "list-unreadable": ["Liste des Fehlenden nicht lesbar", "list of what is missing cannot be read"],
  obsolete: ["überholt", "obsolete"], "handled-otherwise": ["auf anderem Weg erledigt", "handled otherwise"], "beyond-repair": ["nicht zu retten", "beyond repair"], expired: ["Datensatz abgelaufen", "record expired"], test: ["Test", "test"],
  applied: ["ausgeführt", "carried out"], closed: ["aufgegeben", "given up"], "going-on": ["macht weiter", "goes on"], "not-open": ["war schon erledigt", "had been settled already"], "not-its-turn": ["ein früherer Datensatz ist zuerst dran", "an earlier record comes first"],
};

// Rules of completeness in English; the service says them in German.
const RULES = {
  routing: "Every submission and every order is routed, parked or refused.",
  confirmation: "Every routed case is confirmed or decided by the authority.",
  answer: "Every answer of an authority takes effect or is refused.",
  custody: "Only what was routed is confirmed and decided.",
  notification: "For every submission a notification is settled.",
  receipt: "No notification without a submission.",
};
const RULES_SAID = {};

/** What a rule asks; a rule named `…-cause` asks that the cause is in the log. */
export function ruleSays({ rule, says }) {
  if (says) RULES_SAID[rule] = says;
  const english = RULES[rule.replace(/-cause$/, "")];
  if (language === 0 || !english) return RULES_SAID[rule] ?? rule;
  return rule.endsWith("-cause") ? `The cause is in the log: ${english}` : english;
}

let language = 0;

export const languageNow = () => ["de", "en"][language];
export const setLanguage = wanted => { language = wanted; };
export const locale = () => ["de-DE", "en-GB"][language];

/** The word for a key, with {0}, {1} … filled in. */
export const say = (key, ...values) => WORDS[key][language].replace(/\{(\d)\}/g, (_, n) => String(values[n]));
export const bareKind = type => type.replace(/^de\.amtsweg\./, "").replace(/\.v\d+$/, "");
export const kindName = type => KINDS[bareKind(type)]?.[1 + language] ?? bareKind(type);
export const value = text => VALUES[text]?.[language] ?? text;
export const laneOf = type => KINDS[bareKind(type)]?.[0] ?? "other";
export const laneName = lane => LANES[lane][language];

// Names beside keys, as the answers bring them along.
const NAMES = {};
export const learn = names => Object.assign(NAMES, names);
export const named = (key, { alone = false } = {}) => !key ? "" : alone ? NAMES[key] ?? "" : NAMES[key] ? `${NAMES[key]} (${key})` : key;

// People read German local time with its zone (MEZ, MESZ), whatever their browser is set to.
const HERE = { timeZone: "Europe/Berlin" };
const DATE = { day: "2-digit", month: "2-digit", year: "numeric" }, TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
export const number = value => value.toLocaleString(locale());
export const day = time => new Date(time).toLocaleDateString(locale(), { ...HERE, ...DATE });
export const clock = time => new Date(time).toLocaleTimeString(locale(), { ...HERE, ...TIME });
export const moment = time => new Date(time).toLocaleString(locale(), { ...HERE, ...DATE, ...TIME, timeZoneName: "short" });
export const localTime = moment;

/** The first instant (UTC) of a German calendar day, so many days later; "" for no day. */
export function midnight(date, daysLater) {
  if (!date) return "";
  const noon = new Date(Date.parse(`${date}T12:00:00Z`) + daysLater * 86400e3).toISOString().slice(0, 10);
  const summer = new Date(`${noon}T00:00:00+02:00`);
  const hour = summer.toLocaleTimeString("en-GB", { ...HERE, hour: "2-digit", minute: "2-digit" });
  return (hour === "00:00" ? summer : new Date(`${noon}T00:00:00+01:00`)).toISOString();
}

/** A span of time, in the unit that says most. */
export function span(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const units = [[86400, ["T", "d"]], [3600, ["Std", "h"]], [60, ["Min", "min"]], [1, ["s", "s"]]];
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  const [size, names] = units.find(([size]) => seconds >= size);
  return `${Math.round(seconds / size)} ${names[language]}`;
}
