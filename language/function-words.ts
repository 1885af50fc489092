/**
 * The words that hold sentences together in languages of Latin script, with the courtesies of customer service:
 * few words, but a large share of any text. Written for this project. Accents as they are written, apostrophes
 * divide words.
 */
export const functionWords: Readonly<Record<string, string>> = {
  en: `the a an and or but if of to in on at by for with from about into over after before than then that this
    these those there here i you he she it we they me him her us them my your his its our their mine yours who
    what which when where why how is am are was were be been being do does did done have has had having will
    would shall should can could may might must not no yes don doesn didn isn aren wasn weren won wouldn couldn
    shouldn haven hasn hadn ll ve re t s m dont cant im ive didnt doesnt so as up out off down just only very too
    also again now never ever always still back all any some more most much many other another please thanks
    thank sorry hello hi help get got getting need want know think make made take go going gone one two because
    while until without been good great bad really love like even well way us u ur thx pls`,
  es: `el la los las un una unos unas y o pero si de del al a en con por para sin sobre entre que qué quien quién
    cual cuál como cómo cuando cuándo donde dónde es son era fue ser estar está están estoy he ha han hay no sí
    mi mis tu tus su sus yo él ella nosotros ustedes usted me te se nos lo le les este esta esto ese esa eso muy
    más menos ya también gracias hola favor quiero puedo puede tengo tiene necesito pedido todavía porque`,
  fr: `le la les un une des du de d l et ou mais si en dans sur avec sans pour par que qui quoi quand où comment
    pourquoi est sont était être suis ai as a avons avez ont ne pas non oui je j tu il elle nous vous ils elles
    on me te se mon ma mes ton ta tes son sa ses notre votre vos leur ce c cet cette ces qu très plus moins aussi
    merci bonjour bonsoir plaît peux peut veux voudrais commande toujours encore bien mais au aux été fait`,
  de: `der die das den dem des ein eine einen einem einer eines und oder aber wenn von zu zum zur in im an am auf
    mit für bei nach aus über ohne dass was wer wie wann wo warum ist sind war waren sein bin habe hat haben
    hatte wird werden kann können muss nicht kein keine ja nein ich du er sie es wir ihr mich mir dich dir uns
    mein meine meinen ihre dieser diese dieses sehr noch schon auch nur mehr bitte danke hallo möchte immer`,
  pt: `o a os as um uma uns umas e ou mas se de do da dos das em no na nos nas com por para sem sobre que quem
    qual como quando onde é são era foi ser estar está estou tenho tem têm há não sim meu minha meus minhas seu
    sua eu ele ela nós vocês você me te lhe isso este esta isto esse essa muito mais menos já também obrigado
    obrigada olá oi favor quero posso pode preciso pedido ainda porque ao à pelo pela`,
  it: `il lo la i gli le un uno una e o ma se di del della dei delle dello a al alla ai in nel nella con per da
    dal dalla su sul sulla che chi cosa come quando dove perché è sono era essere sto ho ha hanno non sì mio mia
    miei tuo suo sua io tu lui lei noi voi loro mi ti si ci vi questo questa questi quello quella molto più meno
    già anche grazie ciao buongiorno prego voglio vorrei posso può ordine ancora`,
  nl: `de het een en of maar als van naar in op aan met voor bij uit over zonder dat die dit deze wat wie hoe
    wanneer waar waarom is zijn was waren ben heb heeft hebben had wordt worden kan kunnen moet niet geen ja nee
    ik jij je hij zij ze wij we jullie mij me mijn jouw uw u ons onze hun er zeer heel nog al ook maar meer
    bedankt dank hallo graag alstublieft wil bestelling altijd`,
  id: `yang dan atau tapi tetapi di ke dari untuk dengan pada dalam tidak bukan belum sudah saya kamu anda dia
    kami kita mereka ini itu ada apa siapa kapan mana bagaimana kenapa mengapa akan bisa harus mau ingin sangat
    lebih juga lagi saja karena jika kalau terima kasih tolong mohon pesanan barang nya`,
  pl: `i w z na do od po za o u nie tak jest są był była być mam masz ma mają ja ty on ona my wy oni mnie mi ci
    się mój moja moje to ten ta te tego co kto jak kiedy gdzie dlaczego czy ale lub że bardzo już jeszcze też
    tylko proszę dziękuję dzień dobry chcę mogę może zamówienie`,
  sv: `och eller men om av till i på för med från hos utan att som det den detta dessa ett en är var vara har
    hade ska skulle kan måste inte nej ja jag du han hon vi ni de mig dig oss min mitt mina din vad vem hur när
    varför mycket mer också redan bara tack hej snälla vill ikke jeg og er ikke af til hvor hvad på`,
  tr: `ve veya ama fakat ile için bir bu şu o ben sen biz siz onlar benim senin bana sana mi mı mu mü de da ki ne
    kim nasıl neden nerede zaman var yok değil evet hayır çok daha gibi kadar sonra önce lütfen teşekkürler
    teşekkür ederim merhaba selam istiyorum siparişim olarak`,
}
