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
  moreSearch: ["Einträge suchen: nach Amt, Leistung, Art, Zeitraum", "Search entries: by authority, service, kind, period"],
  authority: ["Amt (Kennung)", "Authority (id)"],
  service: ["Leistung (LeiKa-Schlüssel)", "Service (LeiKa key)"],
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
  found: ["Bisher gezeigt: {0}", "Shown so far: {0}"],
  foundNone: ["Kein Eintrag passt dazu.", "No entry matches."],
  foundTitle: ["Gefundene Einträge", "Entries found"],
  number: ["Nr.", "No."],
  time: ["Zeit (UTC)", "Time (UTC)"],
  openCase: ["Verlauf", "History"],
  openCaseOf: ["Verlauf zu Eintrag {0}", "History for entry {0}"],
  nextPage: ["Weitere", "More"],
  entries: ["Einträge", "entries"],
  ofAuthority: ["Amt {0}", "authority {0}"],
  ofService: ["Leistung {0}", "service {0}"],
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
  SubmissionRouted: ["routing", "Weitergeleitet", "Routed"],
  StepOverdue: ["notice", "Ein Schritt ist überfällig", "A step is overdue"],
  PeriodEnding: ["notice", "Frist läuft bald ab", "Period ends soon"],
  PeriodEnded: ["notice", "Frist abgelaufen", "Period has ended"],
  SubmissionParked: ["routing", "Zur Klärung geparkt", "Parked for clearing"],
  RetryOrdered: ["clearing", "Klärungsstelle: erneut versuchen", "Clearing desk: try again"],
  RedeliverOrdered: ["clearing", "Klärungsstelle: erneut zustellen", "Clearing desk: deliver again"],
  AssignOrdered: ["clearing", "Klärungsstelle: zugewiesen", "Clearing desk: assigned"],
  OrderRefused: ["clearing", "Auftrag der Klärungsstelle abgelehnt", "Clearing desk's order refused"],
  CaseAnswered: ["authority", "Antwort des Amts", "Authority's answer"],
  CaseAccepted: ["authority", "Vom Amt angenommen", "Accepted by the authority"],
  CaseDecided: ["authority", "Entschieden", "Decided"],
  FileUnreadable: ["authority", "Datei beim Amt nicht lesbar", "File unreadable for the authority"],
  PeriodExtended: ["authority", "Frist vom Amt verlängert", "Period extended by the authority"],
  DeemedApprovalCertified: ["authority", "Genehmigungsfiktion bescheinigt", "Deemed approval certified"],
  CaseDeemedApproved: ["routing", "Gilt nach dem Gesetz als genehmigt", "Deemed approved by law"],
  SilenceDoubted: ["routing", "Frist vorbei, Schweigen nicht sicher: zur Klärung", "Period over, silence uncertain: clearing"],
  InformationRequested: ["authority", "Unterlagen nachgefordert", "Information requested"],
  CaseReturned: ["authority", "Vom Amt zurückgegeben", "Returned by the authority"],
  CaseForwarded: ["authority", "An ein anderes Amt weitergegeben", "Forwarded to another authority"],
  AnswerRefused: ["authority", "Antwort des Amts zurückgewiesen", "Authority's answer refused"],
  NotificationSettled: ["notice", "Benachrichtigung", "Notification"],
  EraseOrdered: ["clearing", "Löschung angeordnet", "Erasure ordered"],
  CaseErased: ["notice", "Daten gelöscht", "Data erased"],
  ReplayOrdered: ["clearing", "Betrieb: erneut versuchen", "Operations: try again"],
  CloseOrdered: ["clearing", "Betrieb: Datensatz aufgegeben", "Operations: record given up"],
  GoOnOrdered: ["clearing", "Betrieb: Dienst macht weiter", "Operations: service goes on"],
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
  authority: ["Amt", "Authority"],
  notice: ["Benachrichtigung", "Notification"],
  look: ["Prüfung", "Audit"],
  other: ["Sonstiges", "Other"],
};

// Values that events carry, where they are worth a word of their own.
const VALUES = {
  granted: ["bewilligt", "granted"], refused: ["abgelehnt", "refused"], accepted: ["angenommen", "accepted"], decided: ["entschieden", "decided"],
  received: ["Eingangsbestätigung", "acknowledgement"], routed: ["Abgabenachricht", "routing notice"], parked: ["Klärungsnachricht", "clearing notice"],
  email: ["E-Mail", "e-mail"], webhook: ["Webhook", "webhook"], mailbox: ["Postfach", "mailbox"],
  sent: ["versandt", "sent"], failed: ["gescheitert", "failed"], unknown: ["Ausgang unbekannt", "outcome unknown"], "no-contact": ["keine Kontaktdaten", "no contact data"],
  "unknown-service": ["Leistung unbekannt", "unknown service"], "unknown-place": ["Ort unbekannt", "unknown place"], "ambiguous-place": ["Ort mehrdeutig", "ambiguous place"],
  "outside-territory": ["außerhalb des Gebiets", "outside the territory"], "not-offered": ["nicht angeboten", "not offered"], "choice-required": ["Wahl nötig", "choice required"],
  "ambiguous-competence": ["Zuständigkeit mehrdeutig", "ambiguous competence"],
};

let language = 0;

export const setLanguage = wanted => { language = wanted; };
export const locale = () => ["de-DE", "en-GB"][language];

/** The word for a key, with {0}, {1} … filled in. */
export const say = (key, ...values) => WORDS[key][language].replace(/\{(\d)\}/g, (_, n) => String(values[n]));
export const bareKind = type => type.replace(/^de\.amtsweg\./, "").replace(/\.v\d+$/, "");
export const kindName = type => KINDS[bareKind(type)]?.[1 + language] ?? bareKind(type);
export const value = text => VALUES[text]?.[language] ?? text;
export const laneOf = type => KINDS[bareKind(type)]?.[0] ?? "other";
export const laneName = lane => LANES[lane][language];

const UTC = { timeZone: "UTC" };
export const number = value => value.toLocaleString(locale());
export const day = time => new Date(time).toLocaleDateString(locale(), { ...UTC, dateStyle: "medium" });
export const moment = time => new Date(time).toLocaleString(locale(), { ...UTC, dateStyle: "medium", timeStyle: "medium" });

/** A span of time, in the unit that says most. */
export function span(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const units = [[86400, ["T", "d"]], [3600, ["Std", "h"]], [60, ["Min", "min"]], [1, ["s", "s"]]];
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  const [size, names] = units.find(([size]) => seconds >= size);
  return `${Math.round(seconds / size)} ${names[language]}`;
}
