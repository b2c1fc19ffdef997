// A stand-in for WeChat, to run a build of the mini-program without a phone.
//
// WXML is compiled by WeChat's own compiler. What WeChat does with that (components, slots, events, setData, pages) and
// the calls of `wx` are done here as its documentation says; what it refuses is refused. The program sees what WeChat
// gives it and nothing else: no window, document, URL, fetch, localStorage, Intl, nothing of Node. Time passes when the
// one who uses it says so.
//
// usage: node scripts/wechat.cjs dist/build/mp-weixin http://server   reads a JSON command a line, answers each with a line
const fs = require('fs')
const path = require('path')
const vm = require('vm')
const { execFileSync } = require('child_process')

const DEEPEST = 10
const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']
const LARGEST_ITEM = 1024 * 1024
const TYPED = ['wx-input', 'wx-textarea']

function compiler(name) {
  const system = { linux: 'linux', darwin: 'mac', win32: 'windows' }[process.platform]
  const file = path.join(path.dirname(require.resolve('miniprogram-compiler/package.json')), 'bin', system, name)
  fs.chmodSync(file, 0o755)
  return file
}

function walk(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    return entry.isDirectory() ? walk(file) : [file]
  })
}

/** Compile with `wcc` (WXML) or `wcsc` (WXSS) all files of that kind; what it made. Throws what it says. */
function compile(base, name, extension, options) {
  const given = walk(base).filter((file) => file.endsWith(extension)).map((file) => `./${path.relative(base, file)}`)
  return execFileSync(compiler(name), [...options, ...given], { cwd: base, maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'pipe'] }).toString()
}

const copyOf = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))
const same = (one, other) => one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other))
const attrOf = (node, name) => node.attr[name] ?? node.attr[name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())]
const dataset = (node) =>
  Object.fromEntries(
    Object.entries(node?.attr ?? {})
      .filter(([name]) => /^data-?[A-Z]|^data-/.test(name))
      .map(([name, value]) => [name.replace(/^data-?/, '').replace(/^./, (letter) => letter.toLowerCase()), value]),
  )

/** A refusal of WeChat: `name:fail …`. */
class Refused extends Error {
  constructor(words, more = {}) {
    super(words)
    this.more = more
  }
}

class Wechat {
  /** `send({ method, url, header, body })` is asked for what the program requests: `{ status, headers, body }`. */
  constructor(base, send) {
    this.base = path.resolve(base)
    this.send = send
    this.app = JSON.parse(fs.readFileSync(path.join(this.base, 'app.json'), 'utf8'))
    const inside = (this.app.subPackages ?? []).flatMap(({ root, pages }) => pages.map((page) => `${root}/${page}`))
    this.pages = [...this.app.pages, ...inside]
    this.tabs = (this.app.tabBar?.list ?? []).map(({ pagePath }) => pagePath)
    this.tabTexts = (this.app.tabBar?.list ?? []).map(({ text }) => text)
    const window = { __webview_engine_version__: 0.02 }
    const quiet = { log() {}, warn: (words) => this.fault(`WXML: ${words}`) }
    this.templates = new Function('window', 'console', `${compile(this.base, 'wcc', '.wxml', ['-d'])};return $gwx`)(window, quiet)
    this.components = {}
    this.modules = {}
    this.faults = []
    this.storage = {}
    this.files = {}
    this.clock = 0
    this.timers = []
    this.pending = 0
    this.stack = []
    this.kept = {} // tab pages
    this.waits = {} // what was asked of the user, and is not answered yet
    this.preset = {} // what the user will answer
    this.asked = [] // calls that users see: { call, … }
    this.toasts = []
    this.sent = []
    this.largest = 0 // bytes of one setData
    this.depth = 0
    this.readies = []
    this.context = this.world()
    this.require('app.js')
  }

  fault(words) {
    this.faults.push(String(words))
  }

  // ------------------------------------------------------------------------------------------------ code and time

  world() {
    const later = (every) => (func, wait = 0, ...values) => {
      const timer = { at: this.clock + Math.max(0, wait), every: every ? Math.max(1, wait) : 0, func: () => func(...values) }
      this.timers.push(timer)
      return (timer.id = this.timers.count = (this.timers.count ?? 0) + 1)
    }
    const stop = (id) => {
      this.timers = Object.assign(this.timers.filter((timer) => timer.id !== id), { count: this.timers.count })
    }
    const told = (...words) => this.fault(words.map((word) => word?.stack ?? word?.message ?? String(word)).join(' '))
    const context = vm.createContext({
      console: { log() {}, info() {}, debug() {}, warn: told, error: told },
      setTimeout: later(false),
      setInterval: later(true),
      clearTimeout: stop,
      clearInterval: stop,
      global: {},
      App: (options) => (this.program = options),
      Page: () => this.fault('Page() was called'),
      Component: (options) => (this.components[this.loading].options = options),
      Behavior: (options) => options,
      getApp: () => this.program,
      getCurrentPages: () => this.stack.map((page) => page.self),
      wx: this.wx(),
    })
    vm.runInContext('delete globalThis.Intl; delete globalThis.WebAssembly; delete globalThis.SharedArrayBuffer', context)
    vm.runInContext(
      `(passed) => {
        const Real = Date
        globalThis.Date = class Date extends Real {
          constructor(...values) { values.length ? super(...values) : super(Date.now()) }
          static now() { return Real.now() + passed() }
        }
      }`,
      context,
    )(() => this.clock)
    return context
  }

  require(file) {
    if (this.modules[file]) return this.modules[file].exports
    const module = (this.modules[file] = { exports: {} })
    const code = fs.readFileSync(path.join(this.base, file), 'utf8')
    const made = vm.runInContext(`(function (require, module, exports) {${code}\n})`, this.context, { filename: file })
    made((asked) => this.require(path.posix.join(path.posix.dirname(file), asked).replace(/(\.js)?$/, '.js')), module, module.exports)
    return module.exports
  }

  /** The definition of a component or page, with those that it uses. */
  definition(place) {
    if (this.components[place]) return this.components[place]
    const found = (this.components[place] = { using: {} })
    const told = JSON.parse(fs.readFileSync(path.join(this.base, `${place}.json`), 'utf8'))
    for (const [tag, asked] of Object.entries(told.usingComponents ?? {})) {
      found.using[tag] = asked.startsWith('/') ? asked.slice(1) : path.posix.join(path.posix.dirname(place), asked)
      this.definition(found.using[tag])
    }
    this.loading = place
    this.require(`${place}.js`)
    found.template = this.templates(`./${place}.wxml`)
    if (!found.options || !found.template) throw new Error(`${place} registers nothing`)
    return found
  }

  /** Wait until nothing is under way that is due now. */
  async settle() {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.pending) {
        await new Promise((resolve) => (this.wake = resolve))
        continue
      }
      await new Promise((resolve) => setImmediate(resolve))
      if (this.pending) continue
      const [due] = this.timers.filter(({ at }) => at <= this.clock).sort((one, other) => one.at - other.at || one.id - other.id)
      if (!due) return
      this.run(due)
    }
  }

  run(timer) {
    if (timer.every) timer.at += timer.every
    else this.context.clearTimeout(timer.id)
    this.guard(timer.func)
  }

  /** Let so many milliseconds go by. */
  async pass(ms) {
    const end = this.clock + ms
    for (;;) {
      await this.settle()
      const [next] = this.timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at || one.id - other.id)
      if (!next) break
      this.clock = Math.max(this.clock, next.at)
    }
    this.clock = end
    await this.settle()
  }

  guard(func, ...values) {
    try {
      return func(...values)
    } catch (error) {
      this.fault(error?.stack ?? error)
    }
  }

  // ------------------------------------------------------------------------------------------------ components

  instance(place, host, route) {
    const { options } = this.definition(place)
    const inner = { place, host, tree: [], properties: options.properties ?? {}, options }
    const self = { is: place, id: '', dataset: {}, data: copyOf(options.data) ?? {}, ...options.methods }
    Object.entries(inner.properties).forEach(([name, one]) => (self.data[name] = copyOf(one?.value)))
    if (route) self.route = route
    self.properties = self.data
    self.setData = (patch, done) => {
      this.setData(inner, patch)
      if (done) this.context.setTimeout(() => done.call(self))
    }
    self.triggerEvent = (name, detail, { bubbles = false } = {}) => host && this.fire(host, name, detail, bubbles)
    self.selectAllComponents = (selector) =>
      [...this.own(inner.tree)]
        .filter((node) => node.inner && String(attrOf(node, 'class') ?? '').split(/[ ,]/).includes(selector.slice(1)))
        .map((node) => node.inner.self)
    self.selectComponent = (selector) => self.selectAllComponents(selector)[0] ?? null
    self.createSelectorQuery = () => this.context.wx.createSelectorQuery()
    return Object.assign(inner, { self })
  }

  /** Make it live: it gets its properties, is attached, is drawn. */
  attach(inner, given = {}) {
    const { options, self } = inner
    inner.drawing = true // what is inside is made when this one is there
    this.guard(() => options.created?.call(self))
    this.give(inner, given)
    this.guard(() => options.lifetimes?.attached?.call(self))
    inner.drawing = false
    this.draw(inner)
  }

  /** Properties that the one around it gives it. */
  give(inner, given) {
    inner.self.id = given.id ?? ''
    const changed = Object.keys(inner.properties).filter((name) => name in given && !same(given[name], inner.self.data[name]))
    if (changed.length) this.change(inner, changed.map((name) => [name, copyOf(given[name])]))
    return changed.length
  }

  setData(inner, patch) {
    if (patch === null || typeof patch !== 'object') return this.fault(`${inner.place}: setData of ${patch}`)
    const text = JSON.stringify(patch)
    this.largest = Math.max(this.largest, Buffer.byteLength(text))
    this.change(inner, Object.entries(JSON.parse(text)))
    this.draw(inner)
  }

  change(inner, values) {
    const { self, properties, options } = inner
    const roots = new Set()
    for (const [key, value] of values) {
      const steps = key.replace(/\[(\d+)\]/g, '.$1').split('.')
      const before = self.data[steps[0]]
      let at = self.data
      steps.slice(0, -1).forEach((step, n) => {
        if (at[step] === null || typeof at[step] !== 'object') at[step] = /^\d+$/.test(steps[n + 1]) ? [] : {}
        at = at[step]
      })
      at[steps.at(-1)] = value
      roots.add(steps[0])
      if (properties[key]?.observer) this.guard(() => properties[key].observer.call(self, value, before))
    }
    for (const [names, observer] of Object.entries(options.observers ?? {})) {
      const fields = names.split(',').map((name) => name.trim())
      if (fields.some((name) => roots.has(name))) this.guard(() => observer.apply(self, fields.map((name) => self.data[name])))
    }
  }

  draw(inner) {
    if (inner.drawing) return void (inner.again = true)
    if (inner.gone) return
    inner.drawing = true
    this.depth += 1
    do {
      inner.again = false
      const made = this.definition(inner.place).template(inner.self.data)
      inner.tree = this.match(inner, null, inner.tree, made.children)
    } while (inner.again)
    inner.drawing = false
    this.depth -= 1
    if (!this.depth) for (const one of this.readies.splice(0)) if (!one.gone) this.guard(() => one.options.lifetimes?.ready?.call(one.self))
  }

  /** The new children: what has the same place or key as before stays. */
  match(owner, parent, before, fresh) {
    const known = new Map(before.map((node) => [node.key, node]))
    const seen = new Set()
    const nodes = fresh.map((made, n) => {
      if (typeof made !== 'object' || made === null) return { key: `# ${n}`, text: String(made ?? ''), attr: {}, children: [], owner, parent }
      let key = `${made.tag} ${made.wxVkey ?? ''} ${made.wxKey === undefined ? n : `key ${made.wxKey}`}`
      if (seen.has(key)) {
        this.fault(`${owner.place}: the same wx:key twice: ${made.wxKey}`)
        key += ` ${n}`
      }
      seen.add(key)
      const place = this.definition(owner.place).using[made.tag.replace(/^wx-/, '')]
      let node = known.get(key)
      known.delete(key)
      const isNew = !node
      node ??= { key, tag: made.tag, children: [], owner, parent }
      node.attr = made.attr ?? {}
      if (isNew && place) {
        node.inner = this.instance(place, node)
        this.attach(node.inner, node.attr)
      } else if (node.inner && this.give(node.inner, node.attr)) this.draw(node.inner)
      node.children = this.match(owner, node, node.children, made.children)
      if (isNew && place) this.readies.push(node.inner)
      return node
    })
    known.forEach((node) => this.remove(node))
    return nodes
  }

  remove(node) {
    node.children.forEach((child) => this.remove(child))
    if (node.inner) this.end(node.inner)
  }

  end(inner) {
    inner.gone = true
    inner.tree.forEach((node) => this.remove(node))
    this.guard(() => inner.options.lifetimes?.detached?.call(inner.self))
  }

  // ------------------------------------------------------------------------------------------------ what is seen

  *own(nodes) {
    for (const node of nodes) {
      yield node
      yield* this.own(node.children)
    }
  }

  slotName(node) {
    if (node.tag !== 'virtual') return node.attr.slot ?? ''
    return [...this.own(node.children)].find((child) => child.attr.slot)?.attr.slot ?? ''
  }

  /** What stands in a node on the screen: of a component what it draws, of a slot what was put there. */
  shown(node) {
    if (node.inner) return node.inner.tree
    if (node.tag !== 'wx-slot') return node.children
    const name = node.attr.name ?? ''
    const inside = (node.owner.host?.children ?? []).filter((child) => this.slotName(child) === name)
    return inside
  }

  /** The node around this one on the screen. */
  around(node) {
    if (!node.parent) return node.owner.host
    if (!node.parent.inner) return node.parent
    const name = this.slotName(node)
    return [...this.own(node.parent.inner.tree)].find((one) => one.tag === 'wx-slot' && (one.attr.name ?? '') === name) ?? node.parent
  }

  *screen(nodes = this.stack.at(-1)?.tree ?? []) {
    for (const node of nodes) {
      if (node.attr.hidden) continue
      yield node
      yield* this.screen(this.shown(node))
    }
  }

  textOf(node) {
    if (node.text !== undefined) return node.text
    if (node.attr.hidden) return ''
    if (TYPED.includes(node.tag)) return `\n${node.attr.value || node.attr.placeholder || ''}\n`
    if (node.tag === 'wx-rich-text') return String(node.attr.nodes ?? '').replace(/<[^>]*>/g, ' ')
    const inside = this.shown(node).map((child) => this.textOf(child)).join('')
    return ['wx-text', 'virtual', 'wx-slot'].includes(node.tag) || node.inner ? inside : `\n${inside}\n`
  }

  text() {
    const words = (this.stack.at(-1)?.tree ?? []).map((node) => this.textOf(node)).join('')
    return words.replace(/[^\S\n]+/g, ' ').replace(/ ?\n[\s]*/g, '\n').trim()
  }

  // ------------------------------------------------------------------------------------------------ what is done

  handlers(node, type) {
    return Object.entries(node.attr).flatMap(([name, value]) => {
      const [, kind, heard] = /^(?:mut-)?(bind|catch):?(.+)$/.exec(name) ?? []
      return heard === type && value ? [{ value, stops: kind === 'catch' }] : []
    })
  }

  /** Let an event happen; how many heard it. */
  fire(node, type, detail = {}, bubbles = true) {
    let heard = 0
    for (let at = node; at; at = bubbles ? this.around(at) : null) {
      const found = this.handlers(at, type)
      for (const { value } of found) {
        const self = at.owner.self
        if (typeof self[value] !== 'function') {
          this.fault(`${at.owner.place}: ${type} is heard by ${value}, which is no method`)
          continue
        }
        heard += 1
        const of = (one) => ({ id: one.attr.id ?? '', dataset: dataset(one), offsetLeft: 0, offsetTop: 0 })
        const event = { type, timeStamp: this.clock, target: of(node), currentTarget: of(at), detail, touches: [], changedTouches: [] }
        this.guard(() => self[value](event))
      }
      if (found.some(({ stops }) => stops)) break
    }
    return heard
  }

  find(words) {
    const trimmed = (node) => this.textOf(node).replace(/\s+/g, ' ').trim()
    const nodes = [...this.screen()].filter((node) => node.tag && node.tag !== 'virtual' && node.tag !== 'wx-slot' && !node.inner)
    const found =
      nodes.filter((node) => attrOf(node, 'aria-label') === words || trimmed(node) === words).at(-1) ??
      nodes.filter((node) => trimmed(node).includes(words)).at(-1)
    if (!found) throw new Error(`nothing says «${words}» here:\n${this.text()}`)
    return found
  }

  async tap(words) {
    const node = this.find(words)
    let button = node
    while (button && button.tag !== 'wx-button') button = this.around(button)
    if (button && attrOf(button, 'disabled')) throw new Error(`«${words}» is switched off`)
    const kind = button && attrOf(button, 'open-type')
    this.gesture = true
    const heard = this.fire(node, 'tap', { x: 1, y: 1 })
    if (kind === 'getPhoneNumber') {
      const given = this.preset.getPhoneNumber
      delete this.preset.getPhoneNumber
      this.fire(button, 'getphonenumber', given ? { errMsg: 'getPhoneNumber:ok', ...given } : { errMsg: 'getPhoneNumber:fail user deny' }, false)
    } else if (kind === 'chooseAvatar') this.fire(button, 'chooseavatar', this.preset.chooseAvatar, false)
    else if (kind === 'share') this.asked.push({ call: 'share', ...this.share() })
    else if (!heard) throw new Error(`nobody hears a tap on «${words}»`)
    await this.pass(1000)
    this.gesture = false
  }

  /** What a friend gets who is sent this page; null where it cannot be sent. */
  share() {
    const page = this.stack.at(-1).self
    return page.onShareAppMessage ? copyOf(page.onShareAppMessage({ from: 'menu' })) : null
  }

  async fill(label, value) {
    const near = (node) => {
      if (String(node.attr.placeholder ?? '').includes(label) || attrOf(node, 'aria-label') === label) return 0
      let steps = 1
      for (let at = node; at; at = this.around(at), steps += 1) if (this.textOf(at).includes(label)) return steps
      return Infinity
    }
    const [first] = [...this.screen()]
      .filter((node) => TYPED.includes(node.tag))
      .map((node) => ({ node, steps: near(node) }))
      .sort((one, other) => one.steps - other.steps)
    if (!first || first.steps === Infinity) throw new Error(`no field «${label}» here:\n${this.text()}`)
    const typed = String(value).slice(0, attrOf(first.node, 'maxlength') ?? 140)
    this.fire(first.node, 'focus', { value: first.node.attr.value })
    this.fire(first.node, 'input', { value: typed, cursor: typed.length, keyCode: 0 })
    this.fire(first.node, 'blur', { value: typed })
    await this.pass(300)
  }

  /** The user answers what was asked: `with` is what WeChat gives, or `{ fail: 'cancel' }`. */
  async answer(call, given = {}) {
    const waiting = this.waits[call]
    delete this.waits[call]
    if (waiting) waiting(given)
    else this.preset[call] = given
    await this.pass(1000)
  }

  // ------------------------------------------------------------------------------------------------ pages

  parse(url) {
    const [place, query = ''] = url.split('?')
    const top = this.stack.at(-1)?.place ?? ''
    const found = place.startsWith('/') ? place.slice(1) : path.posix.join(path.posix.dirname(top), place)
    return { place: found, query: Object.fromEntries(query.split('&').filter(Boolean).map((part) => part.split(/=(.*)/s).slice(0, 2))) }
  }

  hook(page, name, ...values) {
    return this.guard(() => page.self[name]?.(...values))
  }

  show(page) {
    this.hook(page, 'onShow')
    for (const one of this.live(page)) this.guard(() => one.options.pageLifetimes?.show?.call(one.self))
  }

  hide(page) {
    if (!page) return
    this.hook(page, 'onHide')
    for (const one of this.live(page)) this.guard(() => one.options.pageLifetimes?.hide?.call(one.self))
  }

  live(page) {
    const below = (nodes) => [...this.own(nodes)].flatMap((node) => (node.inner ? [node.inner, ...below(node.inner.tree)] : []))
    return below(page.tree)
  }

  close(page) {
    this.hook(page, 'onUnload')
    this.end(page)
  }

  push({ place, query }) {
    const page = this.instance(place, null, place)
    this.stack.push(page)
    this.depth += 1 // nothing is ready before the page was shown
    this.attach(page)
    this.hook(page, 'onLoad', query)
    this.show(page)
    this.readies.push(page)
    this.depth -= 1
    this.draw(page)
  }

  go(kind, url) {
    const target = this.parse(url)
    const isTab = this.tabs.includes(target.place)
    if (!this.pages.includes(target.place)) throw new Refused(`page "${target.place}" is not found`)
    if (kind === 'switchTab' ? !isTab : isTab && kind !== 'reLaunch') throw new Refused(`can not ${kind} a ${isTab ? '' : 'non-'}tabbar page`)
    if (kind === 'navigateTo' && this.stack.length >= DEEPEST) throw new Refused(`webview count limit exceed`)
    const top = this.stack.at(-1)
    if (kind === 'navigateTo') this.hide(top)
    if (kind === 'redirectTo' && top) this.close(this.stack.pop())
    if (kind === 'switchTab') {
      if (top?.place === target.place) return
      if (this.tabs.includes(top?.place)) this.hide(top)
      while (this.stack.length) {
        const page = this.stack.pop()
        if (!this.tabs.includes(page.place)) this.close(page)
      }
      if (this.kept[target.place]) {
        this.stack.push(this.kept[target.place])
        return this.show(this.kept[target.place])
      }
    }
    if (kind === 'reLaunch') {
      new Set([...this.stack, ...Object.values(this.kept)]).forEach((page) => this.close(page))
      this.stack = []
      this.kept = {}
    }
    this.push(target)
    if (isTab) this.kept[target.place] = this.stack.at(-1)
  }

  back(delta = 1) {
    while (delta-- > 0 && this.stack.length > 1) this.close(this.stack.pop())
    this.show(this.stack.at(-1))
  }

  /** What lies in the storage when the program starts. */
  keep(key, value) {
    this.storage[key] = value
  }

  /** A picture that lies on the phone. */
  photo(base64) {
    return this.saved(Buffer.from(base64, 'base64'), 'png')
  }

  /** Start the program on this page, as from a code or a message. */
  async launch(url = this.app.pages[0]) {
    const { place, query } = this.parse(`/${url.replace(/^\//, '')}`)
    this.entry = { path: place, query, scene: 1001, referrerInfo: {} }
    this.guard(() => this.program.onLaunch(this.entry))
    this.guard(() => this.program.onShow?.(this.entry))
    await this.open(url)
  }

  /** Go to this page, with nothing below it. */
  async open(url) {
    this.gesture = false
    this.go('reLaunch', `/${url.replace(/^\//, '')}`)
    await this.pass(1000)
  }

  // ------------------------------------------------------------------------------------------------ wx

  wx() {
    const call = (name, func) => (options = {}) => {
      this.pending += 1
      const { promise, resolve, reject } = Promise.withResolvers?.() ?? defer()
      const done = (told, heard) => {
        this.pending -= 1
        this.guard(() => options[heard]?.(told))
        this.guard(() => options.complete?.(told))
        if (!options.success && !options.fail && !options.complete) (heard === 'success' ? resolve : reject)(told)
        this.wake?.()
      }
      setImmediate(async () => {
        try {
          const found = await func(options)
          done({ errMsg: `${name}:ok`, ...found }, 'success')
        } catch (error) {
          if (!(error instanceof Refused)) this.fault(error.stack)
          done({ errMsg: `${name}:fail ${error.message}`, ...error.more }, 'fail')
        }
      })
      return promise
    }
    /** What only the user ends: it waits for `answer`. */
    const byUser = (name, look = () => undefined) => (options = {}) => {
      const refusal = look(options)
      const { success, fail, complete, ...shown } = options
      this.asked.push({ call: name, ...copyOf(shown) })
      const end = (given) =>
        call(name, () => {
          if (given.fail) throw new Refused(given.fail, given)
          if (name === 'requestPayment') this.gesture = true
          return given
        })({ success, fail, complete })
      if (refusal) return void end({ fail: refusal })
      if (this.preset[name]) {
        const given = this.preset[name]
        delete this.preset[name]
        return void end(given)
      }
      this.waits[name] = end
    }
    const system = {
      language: 'zh_CN', model: 'iPhone 14', brand: 'apple', system: 'iOS 17.0', version: '8.0.50', platform: 'ios', SDKVersion: '3.6.0',
      windowWidth: 390, windowHeight: 750, screenWidth: 390, screenHeight: 844, pixelRatio: 3, statusBarHeight: 47, deviceType: 'phone',
      safeArea: { left: 0, right: 390, top: 47, bottom: 810, width: 390, height: 763 }, theme: 'light', fontSizeSetting: 16,
    }
    const known = {
      env: { USER_DATA_PATH: 'wxfile://usr' },
      canIUse: () => true,
      nextTick: (func) => this.context.setTimeout(func),
      getLaunchOptionsSync: () => this.entry,
      getEnterOptionsSync: () => this.entry,
      getAccountInfoSync: () => ({ miniProgram: { appId: 'wx0', envVersion: 'develop', version: '' } }),
      getStorageSync: (key) => copyOf(this.storage[key]) ?? '',
      setStorageSync: (key, value) => {
        if (JSON.stringify(value).length > LARGEST_ITEM) this.fault(`more than WeChat keeps under ${key}`)
        this.storage[key] = copyOf(value)
      },
      removeStorageSync: (key) => delete this.storage[key],
      getStorageInfoSync: () => ({ keys: Object.keys(this.storage), currentSize: 1, limitSize: 10240 }),
      setStorage: call('setStorage', ({ key, data }) => void (this.storage[key] = copyOf(data))),
      getUpdateManager: () => ({ onCheckForUpdate() {}, onUpdateReady: (func) => (this.update = func), onUpdateFailed() {}, applyUpdate: () => this.asked.push({ call: 'applyUpdate' }) }),
      getFileSystemManager: () => ({ writeFileSync: (file, data, encoding) => (this.files[file] = Buffer.from(data, encoding)) }),
      createSelectorQuery: () => query(),
      // all is near the screen
      createIntersectionObserver: () => ({ relativeToViewport() { return this }, observe() {}, disconnect() {} }),
      createCanvasContext: () => pen(),
      login: call('login', () => {
        const given = this.preset.login
        delete this.preset.login
        if (!given) throw new Refused('no network')
        return given
      }),
      showToast: call('showToast', ({ title }) => void this.toasts.push(title)),
      request: (options) => call('request', (asked) => this.request(asked))(options),
      uploadFile: call('uploadFile', (asked) => this.upload(asked)),
      downloadFile: call('downloadFile', (asked) => this.download(asked)),
      canvasToTempFilePath: call('canvasToTempFilePath', () => ({ tempFilePath: this.saved(Buffer.from('picture'), 'png') })),
      setClipboardData: call('setClipboardData', ({ data }) => void this.asked.push({ call: 'setClipboardData', data })),
      getNetworkType: call('getNetworkType', () => ({ networkType: 'wifi' })),
      onNetworkStatusChange: (func) => (this.network = func),
      setTabBarItem: call('setTabBarItem', ({ index, text }) => {
        if (!this.tabs.includes(this.stack.at(-1)?.place)) throw new Refused('not TabBar page')
        if (!(index in this.tabTexts)) throw new Refused('tabbar item not found')
        this.tabTexts[index] = text
      }),
      navigateBack: call('navigateBack', ({ delta }) => this.back(delta)),
      showModal: byUser('showModal'),
      requestPayment: byUser('requestPayment', (asked) => {
        const missing = ['timeStamp', 'nonceStr', 'package', 'signType', 'paySign'].filter((name) => typeof asked[name] !== 'string')
        return missing.length ? `parameter error: ${missing} should be String` : undefined
      }),
      requestSubscribeMessage: byUser('requestSubscribeMessage', ({ tmplIds }) => {
        if (!this.gesture) return 'can only be invoked by user TAP gesture.'
        return Array.isArray(tmplIds) && tmplIds.length >= 1 && tmplIds.length <= 3 ? undefined : 'templates count out of range'
      }),
      openSetting: byUser('openSetting', () => (this.gesture ? undefined : 'can only be invoked by user TAP gesture.')),
    }
    const byHand = ['chooseMedia', 'chooseAddress', 'scanCode', 'saveImageToPhotosAlbum', 'makePhoneCall', 'openCustomerServiceChat', 'openDocument', 'previewImage']
    for (const name of byHand) known[name] = byUser(name)
    for (const name of ['setNavigationBarTitle', 'pageScrollTo', 'stopPullDownRefresh', 'preloadAssets']) known[name] = call(name, () => ({}))
    for (const name of ['navigateTo', 'redirectTo', 'switchTab', 'reLaunch']) known[name] = call(name, ({ url }) => this.go(name, url))
    for (const name of ['getSystemInfoSync', 'getAppBaseInfo', 'getWindowInfo', 'getDeviceInfo', 'getSystemSetting']) known[name] = () => system
    for (const name of ['onAppShow', 'onAppHide']) known[name] = () => undefined
    return known
  }

  saved(content, kind) {
    const file = `wxfile://tmp_${Object.keys(this.files).length + 1}.${kind}`
    this.files[file] = content
    return file
  }

  async request({ url, method = 'GET', data, header = {} }) {
    if (!METHODS.includes(method)) throw new Refused(`invalid method ${method}`)
    if (Object.keys(header).some((name) => name.toLowerCase() === 'referer')) throw new Refused('referer cannot be set')
    const isJson = Object.entries(header).some(([name, value]) => name.toLowerCase() === 'content-type' && /json/.test(value))
    if (data !== undefined && (method === 'GET' || !isJson)) throw new Refused('only JSON is sent here')
    this.sent.push({ method, url, data: copyOf(data) })
    const found = await this.send({ method, url, header, body: data === undefined ? undefined : JSON.stringify(data) })
    this.gesture = false
    if (!found) throw new Refused('timeout')
    let content = found.body.toString()
    try {
      content = JSON.parse(content)
    } catch {
      // left as it is
    }
    return { statusCode: found.status, header: found.headers, data: content, cookies: [] }
  }

  async upload({ url, filePath, name, header = {} }) {
    if (!this.files[filePath]) throw new Refused(`file ${filePath} not found`)
    const form = new FormData()
    form.append(name, new Blob([this.files[filePath]], { type: 'image/png' }), 'picture.png')
    this.sent.push({ method: 'POST', url })
    const found = await this.send({ method: 'POST', url, header, body: form })
    if (!found) throw new Refused('timeout')
    return { statusCode: found.status, data: found.body.toString() }
  }

  async download({ url, header = {} }) {
    this.sent.push({ method: 'GET', url })
    const found = await this.send({ method: 'GET', url, header })
    if (!found) throw new Refused('timeout')
    return { statusCode: found.status, tempFilePath: this.saved(found.body, 'unknown') }
  }
}

function defer() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

/** Draws nothing. */
function pen() {
  const known = {
    draw: (_more, done) => done?.(),
    measureText: (words) => ({ width: 10 * words.length }),
    createLinearGradient: () => ({ addColorStop() {} }),
  }
  return new Proxy(known, { get: (target, name) => target[name] ?? (() => undefined), set: () => true })
}

function query() {
  const image = () => {
    const made = {}
    Object.defineProperty(made, 'src', { set: () => setImmediate(() => made.onload?.()) })
    return made
  }
  const asked = []
  let isAll = false
  const ask = (func) => (asked.push({ func, isAll }), chain)
  const choose = (all) => () => ((isAll = all), chain)
  const chain = {
    in: () => chain,
    select: choose(false),
    selectAll: choose(true),
    fields: (_fields, func) => ask(func),
    boundingClientRect: ask,
    selectViewport: choose(false),
    scrollOffset: ask,
    exec: (func) => {
      const found = { node: { width: 0, height: 0, getContext: pen, createImage: image }, width: 100, height: 100, top: 0, left: 0, scrollTop: 0, dataset: {} }
      setImmediate(() => {
        const answers = asked.map((one) => (one.isAll ? [found] : found))
        asked.forEach((one, n) => one.func?.(answers[n]))
        func?.(answers)
      })
    },
  }
  return chain
}

module.exports = { Wechat, compile, walk }

if (require.main === module) {
  const [base, server] = process.argv.slice(2)
  const phone = new Wechat(base, async ({ method, url, header, body }) => {
    try {
      const found = await fetch(url.startsWith('/') ? server + url : url, { method, headers: header, body })
      return { status: found.status, headers: Object.fromEntries(found.headers), body: Buffer.from(await found.arrayBuffer()) }
    } catch {
      return null
    }
  })
  process.on('unhandledRejection', (error) => phone.fault(error?.stack ?? JSON.stringify(error)))
  const lines = require('readline').createInterface({ input: process.stdin })
  ;(async () => {
    for await (const line of lines) {
      const [name, ...values] = JSON.parse(line)
      let error
      let value
      try {
        value = await phone[name](...values)
      } catch (caught) {
        error = caught.message
      }
      const { faults, toasts, asked, sent, largest } = phone
      Object.assign(phone, { faults: [], toasts: [], asked: [], sent: [], largest: 0 })
      const told = { error, value, text: phone.text(), path: phone.stack.at(-1)?.place, tabs: phone.tabTexts, faults, toasts, asked, sent, largest }
      process.stdout.write(`${JSON.stringify(told)}\n`)
    }
    process.exit(0)
  })()
}
